/** A setting of the study: a method and what sets it apart, by the names of the settings of `bin/search.ts`. */
export interface Variant {
  /** Also the name of its run folders. */
  readonly name: string
  /** What the table calls it. */
  readonly label: string
  /** The column of the plot that it is in. */
  readonly family: string
  readonly settings: Readonly<Record<string, unknown>>
}

/** What all runs have in common: NAS-Bench-201's space, CIFAR-10 at 16×16, half of the images for each level. */
export const COMMON = {
  protocol: "nas-bench-201-small",
  space: "nas-bench-201",
  dataset: "cifar10",
  imageSize: 16,
  flip: true,
  channels: 8,
  cells: 1
} as const

const naDarts = (name: string, label: string, settings: Readonly<Record<string, unknown>>): Variant => ({
  name,
  label: `NA-DARTS ${label}`,
  family: `NA-DARTS ${label.split(/[ ,]/)[0]}`,
  settings: { algorithm: "na-darts", ...settings }
})

/** The settings compared, those that tell most first. */
export const VARIANTS: ReadonlyArray<Variant> = [
  { name: "darts", label: "DARTS, first order", family: "without neighbors", settings: { algorithm: "darts" } },
  naDarts("hard-n2", "hard, n = 2", { representation: "hard", neighbors: 2 }),
  naDarts("hard-d3-n2", "hard, n = 2, d = 3", { representation: "hard", neighbors: 2, radius: 3 }),
  naDarts("shift-n2", "shift, n = 2", { representation: "shift", neighbors: 2 }),
  naDarts("mix-n2", "mix 0.5, n = 2", { representation: "mix:0.5", neighbors: 2 }),
  { name: "sdarts-rs", label: "SDARTS-RS", family: "without neighbors", settings: { algorithm: "sdarts-rs" } },
  { name: "gdas", label: "GDAS", family: "without neighbors", settings: { algorithm: "gdas" } },
  { name: "a2m", label: "A²M", family: "without neighbors", settings: { algorithm: "a2m" } },
  naDarts("hard-n4", "hard, n = 4", { representation: "hard", neighbors: 4 }),
  naDarts("shift-n4", "shift, n = 4", { representation: "shift", neighbors: 4 }),
  naDarts("mix-n4", "mix 0.5, n = 4", { representation: "mix:0.5", neighbors: 4 })
]
