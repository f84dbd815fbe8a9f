import { strides } from "../architecture/ordinal.ts"
import type { Ball } from "../neighborhood/ball.ts"
import { type Aggregate, aggregate } from "./aggregate.ts"

/** Losses of an enumerable space by ordinal; NaN where there is none. */
type Losses = Float64Array

/**
 * The objective of every architecture of an enumerable space: `aggregate` over its own loss and
 * those of its neighbors, without those that have none. NaN where the architecture itself has none,
 * and without `center` where no neighbor has one. Equal, bit for bit, to aggregating each
 * neighborhood alone.
 */
export function sweep(ball: Ball, how: Aggregate, losses: Losses, options: { readonly center: boolean }): Losses {
  const isPlainMean = how._tag === "Mean" && ball.radius === 1
  return isPlainMean ? meanSweep(ball, losses, options.center) : generalSweep(ball, how, losses, options.center)
}

function meanSweep(ball: Ball, losses: Losses, center: boolean): Losses {
  const weights = strides(ball.space)
  const sums = new Float64Array(losses.length)
  const counts = new Int32Array(losses.length)
  if (center) addCenter(losses, sums, counts)
  for (let i = ball.movable.length - 1; i >= 0; i--) {
    const decision = ball.movable[i]!
    addLines(losses, sums, counts, weights[decision]!, ball.space.decisions[decision]!.choices.length)
  }
  for (let at = 0; at < losses.length; at++) sums[at] = Number.isNaN(losses[at]!) ? Number.NaN : sums[at]! / counts[at]!
  return sums
}

function addCenter(losses: Losses, sums: Float64Array, counts: Int32Array): void {
  for (let at = 0; at < losses.length; at++) {
    sums[at] = losses[at]!
    counts[at] = 1
  }
}

/**
 * To every architecture, add the losses of those that differ from it in one decision: along each
 * line of `choices` ordinals `weight` apart.
 */
function addLines(losses: Losses, sums: Float64Array, counts: Int32Array, weight: number, choices: number): void {
  for (let block = 0; block < losses.length; block += weight * choices) {
    for (let base = block; base < block + weight; base++) {
      const end = base + weight * choices
      for (let at = base; at < end; at += weight) {
        let sum = sums[at]!
        let count = counts[at]!
        for (let other = base; other < end; other += weight) {
          const loss = losses[other]!
          if (other === at || Number.isNaN(loss)) continue
          sum += loss
          count += 1
        }
        sums[at] = sum
        counts[at] = count
      }
    }
  }
}

function generalSweep(ball: Ball, how: Aggregate, losses: Losses, center: boolean): Losses {
  const { decisions } = ball.space
  const weights = strides(ball.space)
  const result = new Float64Array(losses.length)
  const last = ball.movable.length
  for (let ordinal = 0; ordinal < losses.length; ordinal++) {
    const values = center ? [losses[ordinal]!] : []
    const distances = center ? [0] : []
    const visit = (i: number, left: number, at: number, distance: number): void => {
      if (left === 0) {
        if (Number.isNaN(losses[at]!)) return
        values.push(losses[at]!)
        distances.push(distance)
        return
      }
      if (last - i < left) return
      visit(i + 1, left, at, distance)
      const decision = ball.movable[i]!
      const weight = weights[decision]!
      const choices = decisions[decision]!.choices.length
      const current = Math.floor(ordinal / weight) % choices
      for (let choice = 0; choice < choices; choice++) {
        if (choice !== current) visit(i + 1, left - 1, at + (choice - current) * weight, distance)
      }
    }
    const known = !Number.isNaN(losses[ordinal]!)
    for (let distance = ball.nearest; known && distance <= ball.radius; distance++)
      visit(0, distance, ordinal, distance)
    result[ordinal] = known && values.length > 0 ? aggregate(how, values, distances) : Number.NaN
  }
  return result
}
