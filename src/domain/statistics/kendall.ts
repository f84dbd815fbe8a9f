/**
 * Kendall's τ-b of two equally long lists, ties corrected: −1 … 1; NaN where one list is constant.
 * O(n log n).
 *
 * Source: Knight 1966, "A computer method for calculating Kendall's tau with ungrouped data".
 */
export function kendallTau(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const order = Array.from({ length: x.length }, (_, i) => i).sort((a, b) => x[a]! - x[b]! || y[a]! - y[b]!)
  const xs = order.map((i) => x[i]!)
  const ys = order.map((i) => y[i]!)
  const pairs = (order.length * (order.length - 1)) / 2
  const tiedX = tiedPairs(order.length, (i) => xs[i] === xs[i - 1])
  const tiedBoth = tiedPairs(order.length, (i) => xs[i] === xs[i - 1] && ys[i] === ys[i - 1])
  const swaps = sortCountingSwaps(ys)
  const tiedY = tiedPairs(order.length, (i) => ys[i] === ys[i - 1])
  const balance = pairs - tiedX - tiedY + tiedBoth - 2 * swaps
  return balance / Math.sqrt((pairs - tiedX) * (pairs - tiedY))
}

function tiedPairs(length: number, tied: (index: number) => boolean): number {
  let total = 0
  let run = 1
  for (let i = 1; i <= length; i++) {
    if (i < length && tied(i)) {
      run += 1
    } else {
      total += (run * (run - 1)) / 2
      run = 1
    }
  }
  return total
}

/**
 * Sorts in place by merging; returns the number of exchanges of neighbors that a bubble sort would
 * make.
 */
function sortCountingSwaps(values: Array<number>): number {
  let swaps = 0
  let from = values
  let to = new Array<number>(values.length)
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length)
      const end = Math.min(start + 2 * width, values.length)
      let left = start
      let right = middle
      for (let at = start; at < end; at++) {
        if (left < middle && (right >= end || from[left]! <= from[right]!)) {
          to[at] = from[left++]!
        } else {
          swaps += middle - left
          to[at] = from[right++]!
        }
      }
    }
    ;[from, to] = [to, from]
  }
  if (from !== values) for (let i = 0; i < values.length; i++) values[i] = from[i]!
  return swaps
}
