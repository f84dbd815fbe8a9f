/** A seed is a string; equal seeds give equal draws on every platform and at any concurrency. */
export type Seed = string

/** A 64-bit key, as two unsigned 32-bit integers. */
export type Key = readonly [number, number]

/** The seed of one use or one candidate: `split("0", 3, "neighbors")` is `"0/3/neighbors"`. */
export function split(seed: Seed, ...path: ReadonlyArray<string | number>): Seed {
  return [seed, ...path].join("/")
}

const PARITY = 0x1bd11bda

/**
 * Threefry-2×32 with 20 rounds: a counter-based generator, so draw i needs no draw before it.
 *
 * @returns two unsigned 32-bit integers
 *
 * Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"; the tests
 * hold its published known answers.
 */
export function threefry(key: Key, high: number, low: number): readonly [number, number] {
  let [first, second] = key
  let third = PARITY ^ first ^ second
  let x = (high + first) | 0
  let y = (low + second) | 0
  for (let injection = 1; injection <= 5; injection++) {
    const even = injection % 2 === 0
    x = (x + y) | 0
    y = (even ? (y << 17) | (y >>> 15) : (y << 13) | (y >>> 19)) ^ x
    x = (x + y) | 0
    y = (even ? (y << 29) | (y >>> 3) : (y << 15) | (y >>> 17)) ^ x
    x = (x + y) | 0
    y = (even ? (y << 16) | (y >>> 16) : (y << 26) | (y >>> 6)) ^ x
    x = (x + y) | 0
    y = (even ? (y << 24) | (y >>> 8) : (y << 6) | (y >>> 26)) ^ x
    const used = first
    first = second
    second = third
    third = used
    x = (x + first) | 0
    y = (y + second + injection) | 0
  }
  return [x >>> 0, y >>> 0]
}

/** The key of a seed: its UTF-16 units absorbed four at a time, then its length. */
export function keyOf(seed: Seed): Key {
  let key: Key = [0x6e612d6e, 0x61732031]
  const unit = (i: number) => (i < seed.length ? seed.charCodeAt(i) : 0)
  for (let i = 0; i < seed.length; i += 4) {
    key = threefry(key, (unit(i) << 16) | unit(i + 1), (unit(i + 2) << 16) | unit(i + 3))
  }
  return threefry(key, 0x6c656e, seed.length)
}

/** Draw number `position` of a key: uniform in [0, 1), 53 random bits. */
export function uniformAt(key: Key, position: number): number {
  const [a, b] = threefry(key, 0, position)
  return ((a >>> 5) * 67108864 + (b >>> 6)) / 9007199254740992
}

/**
 * Draw number `position` of a key: a uniform integer in [0, bound); the bias is below bound / 2^53.
 */
export function integerAt(key: Key, position: number, bound: number): number {
  return Math.floor(uniformAt(key, position) * bound)
}

/**
 * The integers [0, total) in uniform random order, lazily: the first n are a uniform sample without
 * replacement. A sparse Fisher–Yates shuffle: O(n) time and memory for n values, whatever the
 * total.
 */
export function* shuffled(key: Key, total: number): Generator<number> {
  const moved = new Map<number, number>()
  for (let i = 0; i < total; i++) {
    const j = i + integerAt(key, i, total - i)
    const value = moved.get(j) ?? j
    moved.set(j, moved.get(i) ?? i)
    moved.delete(i)
    yield value
  }
}

/**
 * Standard normal numbers: the input `noise/<place>` of the space S4. Source: Box and Muller 1958.
 */
export function standardNormals(count: number, seed: Seed): Float32Array {
  const key = keyOf(seed)
  return Float32Array.from({ length: count }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(Math.max(uniformAt(key, 2 * i), 2 ** -54)))
    return radius * Math.cos(2 * Math.PI * uniformAt(key, 2 * i + 1))
  })
}
