/**
 * How new pixels mix old ones. `Area`: the mean over the area that a new pixel covers. `Linear`: a
 * triangle around its center, widened when shrinking.
 */
type Filter = "Area" | "Linear"

/** A rectangle of whole pixels. */
export interface Window {
  top: number
  left: number
  height: number
  width: number
}

/** Scales a window of every channel of `from` to the size of `to`. */
type Resample = (from: Float32Array, to: Float32Array, window: Readonly<Window>) => void

/**
 * For each new pixel of an axis: the first old pixel that it mixes, how many, and their weights,
 * which sum to 1.
 */
interface Taps {
  readonly most: number
  readonly first: Int32Array
  readonly count: Int32Array
  readonly weights: Float64Array
}

/**
 * Resampling of images [channels, fromHeight, fromWidth] to [channels, height, width], along rows
 * first, summed in double precision. What it needs is allocated once. `Linear` is Pillow's bilinear
 * filter, without its rounding to bytes.
 */
export function makeResample(
  [channels, fromHeight, fromWidth]: readonly [number, number, number],
  [height, width]: readonly [number, number],
  filter: Filter
): Resample {
  const rows = makeTaps(fromHeight, height)
  const columns = makeTaps(fromWidth, width)
  const between = new Float64Array(fromHeight * width)
  const setTaps = filter === "Area" ? setAreaTaps : setLinearTaps
  return (from, to, window) => {
    setTaps(columns, window.width)
    setTaps(rows, window.height)
    for (let channel = 0; channel < channels; channel++) {
      for (let y = 0; y < window.height; y++) {
        const start = (channel * fromHeight + window.top + y) * fromWidth + window.left
        for (let x = 0; x < width; x++) {
          let sum = 0
          for (let tap = 0; tap < columns.count[x]!; tap++)
            sum += columns.weights[x * columns.most + tap]! * from[start + columns.first[x]! + tap]!
          between[y * width + x] = sum
        }
      }
      for (let y = 0; y < height; y++) {
        const start = (channel * height + y) * width
        for (let x = 0; x < width; x++) {
          let sum = 0
          for (let tap = 0; tap < rows.count[y]!; tap++)
            sum += rows.weights[y * rows.most + tap]! * between[(rows.first[y]! + tap) * width + x]!
          to[start + x] = sum
        }
      }
    }
  }
}

function makeTaps(from: number, to: number): Taps {
  const most = 2 * Math.ceil(Math.max(1, from / to)) + 1
  return { most, first: new Int32Array(to), count: new Int32Array(to), weights: new Float64Array(to * most) }
}

/**
 * New pixel i covers [i, i + 1)·scale of the window; each old pixel counts as much as it is
 * covered.
 */
function setAreaTaps(taps: Taps, size: number): void {
  const scale = size / taps.first.length
  for (let i = 0; i < taps.first.length; i++) {
    const low = i * scale
    const high = Math.min(size, low + scale)
    const first = Math.min(size - 1, Math.floor(low))
    const count = Math.max(1, Math.min(taps.most, Math.ceil(high) - first))
    for (let tap = 0; tap < count; tap++) {
      const covered = Math.min(high, first + tap + 1) - Math.max(low, first + tap)
      taps.weights[i * taps.most + tap] = Math.max(0, covered)
    }
    normalize(taps, i, first, count)
  }
}

/**
 * A triangle of width max(1, scale) to each side of the new pixel's center, cut off at the window's
 * border.
 */
function setLinearTaps(taps: Taps, size: number): void {
  const scale = size / taps.first.length
  const reach = Math.max(1, scale)
  for (let i = 0; i < taps.first.length; i++) {
    const center = (i + 0.5) * scale
    const first = Math.max(0, Math.floor(center - reach + 0.5))
    const count = Math.min(size, Math.floor(center + reach + 0.5)) - first
    for (let tap = 0; tap < count; tap++) {
      const distance = Math.abs(first + tap + 0.5 - center) / reach
      taps.weights[i * taps.most + tap] = Math.max(0, 1 - distance)
    }
    normalize(taps, i, first, count)
  }
}

function normalize(taps: Taps, i: number, first: number, count: number): void {
  let sum = 0
  for (let tap = 0; tap < count; tap++) sum += taps.weights[i * taps.most + tap]!
  for (let tap = 0; tap < count; tap++) taps.weights[i * taps.most + tap]! /= sum
  taps.first[i] = first
  taps.count[i] = count
}
