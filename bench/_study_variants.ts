/**
 * A setting of the study: a method and what sets it apart, by the names of the settings of
 * `bin/search.ts`.
 */
export interface Variant {
  /** Also the name of its run folders. */
  readonly name: string
  /** What the table calls it. */
  readonly label: string
  /** The column of the plot that it is in. */
  readonly family: string
  readonly settings: Readonly<Record<string, unknown>>
  /** Why it cannot be run any more; its finished runs stay in the tables. */
  readonly retired?: string
}

/**
 * What all runs have in common: NAS-Bench-201's space, CIFAR-10 at 16×16, half of the images for
 * each level.
 */
export const COMMON = {
  protocol: "nas-bench-201-small",
  space: "nas-bench-201",
  dataset: "cifar10",
  imageSize: 16,
  flip: true,
  channels: 8,
  cells: 1
} as const

/** All epochs, unless its settings say otherwise. */
const naDarts = (name: string, label: string, settings: Readonly<Record<string, unknown>>): Variant => ({
  name,
  label: `NA-DARTS ${label}`,
  family: `NA-DARTS ${label.split(/[ ,]/)[0]}`,
  settings: { algorithm: "na-darts", stopRule: false, ...settings }
})

/** The stop rule when these were run; today's would end them elsewhere. */
const RETIRED = "its stop rule, by one batch and without a floor, is gone; see the variants named -stop"

/** Neighbors and the earlier stop rule. */
const stopping = (name: string, label: string, settings: Readonly<Record<string, unknown>>): Variant => ({
  ...naDarts(name, `${label}, stop rule`, { ...settings, stopRule: true }),
  retired: RETIRED
})

/** A neighbor a step in place of the architecture itself: a step costs what one of DARTS costs. */
const single = (name: string, label: string, settings: Readonly<Record<string, unknown>>) =>
  naDarts(name, label, { neighbors: 1, center: false, ...settings })

/**
 * Weight sharing: 100 samples scored by the supernet that the three share for a seed, on 4 of its
 * validation batches. Its training takes as many steps as a search by gradients.
 */
const sharing = (name: string, label: string, settings: Readonly<Record<string, unknown>>): Variant => ({
  name,
  label,
  family: "weight sharing",
  settings: { evaluator: "supernet", samples: 100, scoreBatches: 4, ...settings }
})

/** Whether a variant samples architectures, and has no epochs of its own. */
export function samples({ settings }: Variant): boolean {
  return settings.evaluator !== undefined
}

/** The settings compared, those that tell most first. */
export const VARIANTS: ReadonlyArray<Variant> = [
  { name: "darts", label: "DARTS, first order", family: "without neighbors", settings: { algorithm: "darts" } },
  naDarts("hard-n2", "hard, n = 2", { representation: "hard", neighbors: 2 }),
  naDarts("hard-d3-n2", "hard, n = 2, d = 3", { representation: "hard", neighbors: 2, radius: 3, exactRadius: true }),
  naDarts("shift-n2", "shift, n = 2", { representation: "shift", neighbors: 2 }),
  naDarts("mix-n2", "mix 0.5, n = 2", { representation: "mix:0.5", neighbors: 2 }),
  { name: "sdarts-rs", label: "SDARTS-RS", family: "without neighbors", settings: { algorithm: "sdarts-rs" } },
  { name: "gdas", label: "GDAS", family: "without neighbors", settings: { algorithm: "gdas" } },
  { name: "a2m", label: "A²M", family: "without neighbors", settings: { algorithm: "a2m" } },
  naDarts("hard-n4", "hard, n = 4", { representation: "hard", neighbors: 4 }),
  naDarts("shift-n4", "shift, n = 4", { representation: "shift", neighbors: 4 }),
  naDarts("mix-n4", "mix 0.5, n = 4", { representation: "mix:0.5", neighbors: 4 }),
  ...[1, 3, 5].map((radius) =>
    single(`hard-d${radius}-n1-nc`, `hard, n = 1, d = ${radius}, no center`, {
      representation: "hard",
      radius,
      exactRadius: true
    })
  ),
  single("shift-n1-nc", "shift, n = 1, no center", { representation: "shift" }),
  single("mix-n1-nc", "mix 0.5, n = 1, no center", { representation: "mix:0.5" }),
  single("mix-d6-n1-nc", "mix 0.5, n = 1, d = 6, no center", {
    representation: "mix:0.5",
    radius: 6,
    exactRadius: true
  }),
  ...[1, 2, 3].map((radius) =>
    single(`hard-d${radius}-n1-w`, `hard, n = 1, d = ${radius}, no center, w step`, {
      representation: "hard",
      radius,
      exactRadius: true,
      steps: "weights"
    })
  ),
  ...[0.3, 0.5, 0.7].map((rho) =>
    single(`mix${rho}-d6-n1-w`, `mix ${rho}, n = 1, d = 6, no center, w step`, {
      representation: `mix:${rho}`,
      radius: 6,
      exactRadius: true,
      steps: "weights"
    })
  ),
  {
    name: "darts-es",
    label: "DARTS, first order, stop rule",
    family: "without neighbors",
    settings: { algorithm: "darts", stopRule: true },
    retired: RETIRED
  },
  {
    name: "a2m-es",
    label: "A²M, stop rule",
    family: "without neighbors",
    settings: { algorithm: "a2m", stopRule: true },
    retired: RETIRED
  },
  stopping("hard-n2-es", "hard, n = 2", { representation: "hard", neighbors: 2 }),
  stopping("shift-n2-es", "shift, n = 2", { representation: "shift", neighbors: 2 }),
  stopping("mix-n2-es", "mix 0.5, n = 2", { representation: "mix:0.5", neighbors: 2 }),
  stopping("mix-n2-cvar-es", "mix 0.5, n = 2, CVaR 0.5", {
    representation: "mix:0.5",
    neighbors: 2,
    aggregate: "cvar:0.5"
  }),
  {
    ...stopping("mix-n2-std-es", "mix 0.5, n = 2, mean + std (not monotone)", {
      representation: "mix:0.5",
      neighbors: 2,
      aggregate: "mean-std:1"
    }),
    retired: "its aggregate, mean plus standard deviation, is not monotone; mean-semideviation:1 takes its place"
  },
  {
    name: "darts-stop",
    label: "DARTS, first order, stop rule with a floor",
    family: "without neighbors",
    settings: { algorithm: "darts", stopRule: true }
  },
  {
    name: "a2m-stop",
    label: "A²M, stop rule with a floor",
    family: "without neighbors",
    settings: { algorithm: "a2m", stopRule: true }
  },
  naDarts("mix-n2-stop", "mix 0.5, n = 2, stop rule with a floor", {
    representation: "mix:0.5",
    neighbors: 2,
    stopRule: true
  }),
  sharing("ws-rs", "weight-sharing RS", { algorithm: "rs" }),
  sharing("ws-na-n10", "weight-sharing NA-RS, mean of n = 10", { algorithm: "na-rs", neighbors: 10 }),
  sharing("ws-na-n24", "weight-sharing NA-RS, mean of n = 24", { algorithm: "na-rs", neighbors: 24 })
]
