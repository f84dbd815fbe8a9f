/** Mean and sample standard deviation (n − 1); the deviation of a single value is 0. */
export interface Summary {
  readonly mean: number
  readonly sd: number
}

/** The summary of at least one value, by Welford's stable recurrence. */
export function summarize(values: Iterable<number>): Summary {
  let count = 0
  let mean = 0
  let squares = 0
  for (const value of values) {
    count += 1
    const delta = value - mean
    mean += delta / count
    squares += delta * (value - mean)
  }
  return { mean, sd: count > 1 ? Math.sqrt(squares / (count - 1)) : 0 }
}

/**
 * Share of the values that are larger than `value`, those equal to it counted half: 1 is the best
 * loss of all, 0 the worst.
 */
export function shareAbove(values: Iterable<number>, value: number): number {
  let above = 0
  let count = 0
  for (const other of values) {
    count += 1
    above += other > value ? 1 : other === value ? 0.5 : 0
  }
  return above / count
}

/**
 * Equally wide bins from the smallest to the largest value. `edges` is one longer than `counts`.
 */
export interface Histogram {
  readonly edges: ReadonlyArray<number>
  readonly counts: ReadonlyArray<number>
}

/** The histogram of at least one value. */
export function histogram(values: ReadonlyArray<number>, bins: number): Histogram {
  const low = values.reduce((a, b) => Math.min(a, b))
  const high = values.reduce((a, b) => Math.max(a, b))
  const width = (high - low) / bins
  const counts = Array.from({ length: bins }, () => 0)
  for (const value of values) counts[width === 0 ? 0 : Math.min(bins - 1, Math.floor((value - low) / width))]! += 1
  return { edges: Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + i * width)), counts }
}
