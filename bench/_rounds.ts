/** What one run of one side took. */
export interface Timed {
  /** Wall time of a step in milliseconds. */
  readonly ms: number
  /** Processor time of a step in milliseconds, user and system of all threads. */
  readonly cpuMs: number
}

/** The median and the quartiles around it. */
export interface Spread {
  readonly lower: number
  readonly median: number
  readonly upper: number
}

/** The runs of one side: the first, which is left out of every comparison, and one per round. */
export interface Runs<T> {
  readonly first: T
  readonly rounds: ReadonlyArray<T>
}

/** Compared sides by their names, each with what runs it once. */
export type Sides<Name extends string, T> = Readonly<Record<Name, () => Promise<T>>>

/** The runs of the sides that can run. */
export type RunsOf<Name extends string, T> = Readonly<Partial<Record<Name, Runs<T>>>>

/** Milliseconds of processor time that this process has spent so far. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Median and quartiles of at least one value, interpolated between neighbors in order. */
export function spread(values: ReadonlyArray<number>): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => {
    const place = share * (sorted.length - 1)
    const below = Math.floor(place)
    return sorted[below]! + (place - below) * (sorted[Math.ceil(place)]! - sorted[below]!)
  }
  return { lower: at(0.25), median: at(0.5), upper: at(0.75) }
}

/** The median of at least one value. */
export function median(values: ReadonlyArray<number>): number {
  return spread(values).median
}

/** Whether the quartiles are more than a quarter of the median apart. */
export function isNoisy({ lower, median, upper }: Spread): boolean {
  return upper - lower > 0.25 * median
}

/**
 * Run sides in turn, `rounds` times each, so that whatever slows a machine down meets all of them
 * alike. Every other round has the reverse order. Before the rounds every side runs once: this
 * compiles what has to be compiled. A side that fails then is left out and told; a later failure is
 * an error.
 */
export async function alternate<Name extends string, T>(
  sides: Sides<Name, T>,
  rounds: number,
  leftOut: (name: Name, problem: string) => void
): Promise<RunsOf<Name, T>> {
  const runs: Partial<Record<Name, { readonly first: T; readonly rounds: Array<T> }>> = {}
  const order: Array<Name> = []
  for (const name in sides) {
    try {
      runs[name] = { first: await sides[name](), rounds: [] }
      order.push(name)
    } catch (error) {
      leftOut(name, error instanceof Error ? error.message : String(error))
    }
  }
  for (let round = 0; round < rounds; round++)
    for (const name of round % 2 === 0 ? order : order.toReversed()) runs[name]!.rounds.push(await sides[name]())
  return runs
}

/**
 * The ratio of two sides' wall or processor times, round by round; the time of the second is taken
 * `times` times.
 */
export function ratioOf(over: Runs<Timed>, under: Runs<Timed>, time: keyof Timed = "ms", times = 1): Spread {
  return spread(over.rounds.map((run, round) => run[time] / (times * under.rounds[round]![time])))
}

/** A ratio in words: its median and quartiles, and whether they lie too far apart. */
export function ratioText(ratio: Spread): string {
  const { lower, median, upper } = ratio
  return `${median.toFixed(2)} (${isNoisy(ratio) ? "noisy: " : ""}quartiles ${lower.toFixed(2)} to ${upper.toFixed(2)})`
}

/** The medians of a side's rounds. */
export function medians({ rounds }: Runs<Timed>): Timed {
  return { ms: median(rounds.map(({ ms }) => ms)), cpuMs: median(rounds.map(({ cpuMs }) => cpuMs)) }
}

/** Wall and processor time of a side's step in words. */
export function timesText(runs: Runs<Timed>): string {
  const { ms, cpuMs } = medians(runs)
  return `${ms.toFixed(0)} ms a step, ${(cpuMs / 1000).toFixed(2)} processor seconds`
}
