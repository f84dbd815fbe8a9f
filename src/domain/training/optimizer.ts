import * as Schema from "@effect/schema/Schema"
import type { ProgramBuilder } from "../program/builder.ts"
import { flattened, type Layout, unflattened } from "../program/layout.ts"
import type { NodeId } from "../program/node.ts"
import { fullName } from "../program/port.ts"
import { withDefault } from "../setting/schemas.ts"

const Rate = Schema.Number.pipe(Schema.nonNegative(), Schema.finite())
const Share = Schema.Number.pipe(Schema.greaterThanOrEqualTo(0), Schema.lessThan(1))

/** SGD; the defaults are those of DARTS's evaluation. Nesterov's look-ahead needs a momentum. */
export const SgdSettings = Schema.TaggedStruct("Sgd", {
  momentum: withDefault(Share, 0.9),
  nesterov: withDefault(Schema.Boolean, false),
  weightDecay: withDefault(Rate, 3e-4)
})
  .pipe(
    Schema.filter(({ momentum, nesterov }) => !nesterov || momentum > 0, {
      message: () => "Expected a momentum above 0, since nesterov needs one"
    })
  )
  .annotations({ identifier: "SgdSettings" })
export interface SgdSettings extends Schema.Schema.Type<typeof SgdSettings> {}

/** Adam; the defaults are those of PyTorch. */
export const AdamSettings = Schema.TaggedStruct("Adam", {
  beta1: withDefault(Share, 0.9),
  beta2: withDefault(Share, 0.999),
  epsilon: withDefault(Schema.Number.pipe(Schema.positive(), Schema.finite()), 1e-8),
  weightDecay: withDefault(Rate, 0)
}).annotations({ identifier: "AdamSettings" })
export interface AdamSettings extends Schema.Schema.Type<typeof AdamSettings> {}

/**
 * An optimizer with all that stays fixed over a run; the learning rate is an input, so a schedule
 * never compiles anew.
 */
export const OptimizerSettings = Schema.Union(SgdSettings, AdamSettings)
export type OptimizerSettings = typeof OptimizerSettings.Type

/** The moving average of the gradients that SGD keeps. */
export const MOMENT = { role: "state", name: "moment" } as const

const STEP = { role: "state", name: "adam/step" } as const

/** The learning rate of a program that takes a step, of shape []. */
export const LEARNING_RATE = { role: "setting", name: "learningRate" } as const

/** The nodes of a vector and its gradient. */
interface Moved {
  readonly value: NodeId
  readonly gradient: NodeId
}

/**
 * Stochastic gradient descent with momentum and weight decay added to the gradient: the new value
 * of a vector. `learningRate` is a node of shape []. With a momentum above 0 `moment`, zeros at the
 * start, is an input and an output.
 *
 * Source: Sutskever, Martens, Dahl, Hinton 2013, with the conventions of PyTorch.
 */
function sgd(
  b: ProgramBuilder,
  { value, gradient }: Moved,
  o: Omit<SgdSettings, "_tag"> & { readonly learningRate: NodeId }
): NodeId {
  const g = b.plus(gradient, b.scale(value, o.weightDecay))
  let direction = g
  if (o.momentum > 0) {
    const moment = b.plus(b.scale(b.input(MOMENT, b.shape(value)), o.momentum), g)
    b.output(MOMENT, moment)
    direction = o.nesterov ? b.plus(g, b.scale(moment, o.momentum)) : moment
  }
  return b.minus(value, b.times(direction, o.learningRate))
}

/**
 * Adam with weight decay added to the gradient: the new value of a vector. `learningRate` is a node
 * of shape []. Inputs and outputs `first`, `second` and `adam/step` [], the number of steps taken
 * before, all zeros at the start.
 *
 * Source: Kingma and Ba 2015 (arXiv 1412.6980), with the conventions of PyTorch.
 */
function adam(
  b: ProgramBuilder,
  { value, gradient }: Moved,
  o: Omit<AdamSettings, "_tag"> & { readonly learningRate: NodeId }
): NodeId {
  const step = b.plus(b.input(STEP, []), b.constant(1))
  b.output(STEP, step)
  const correction = (beta: number) => b.minus(b.constant(1), b.unary("exp", b.scale(step, Math.log(beta))))
  const g = b.plus(gradient, b.scale(value, o.weightDecay))
  const kept = (name: string, beta: number, now: NodeId) => {
    const label = { role: "state", name } as const
    const average = b.plus(b.scale(b.input(label, b.shape(value)), beta), b.scale(now, 1 - beta))
    b.output(label, average)
    return b.over(average, correction(beta))
  }
  const mean = kept("first", o.beta1, g)
  const deviation = b.plus(b.unary("sqrt", kept("second", o.beta2, b.times(g, g))), b.constant(o.epsilon))
  return b.minus(value, b.times(b.over(mean, deviation), o.learningRate))
}

/** How an optimizer takes a step. */
export interface OptimizerStep {
  readonly optimizer: OptimizerSettings
  /** A node of shape []. */
  readonly learningRate: NodeId
  /** The largest norm of all gradients together, above 0; they stay as they are where absent. */
  readonly clip?: number | undefined
}

/**
 * A step of the optimizer that the settings name: a vector's new value, and the norm of its
 * gradient before clipping, a node of shape []. See `sgd` and `adam` for the state.
 */
export function optimizerStep(
  b: ProgramBuilder,
  { value, gradient }: Moved,
  { optimizer, learningRate, clip }: OptimizerStep
): { readonly value: NodeId; readonly norm: NodeId } {
  const norm = euclideanNorm(b, gradient)
  const moved = { value, gradient: clip === undefined ? gradient : clipByNorm(b, gradient, norm, clip) }
  const next =
    optimizer._tag === "Sgd"
      ? sgd(b, moved, { ...optimizer, learningRate })
      : adam(b, moved, { ...optimizer, learningRate })
  return { value: next, norm }
}

/**
 * The same for tensors, which are moved as one vector in the order of the layout. `value` and
 * `gradient` give their nodes; the outputs named like them are the new tensors. Gives the norm.
 */
export function tensorsStep(
  b: ProgramBuilder,
  layout: Layout,
  nodes: { readonly value: (tensor: Layout[number]) => NodeId; readonly gradient: NodeId },
  step: OptimizerStep
): NodeId {
  const moved = optimizerStep(b, { value: flattened(b, layout.map(nodes.value)), gradient: nodes.gradient }, step)
  const tensors = unflattened(b, moved.value, layout)
  for (const label of layout) b.output(label, tensors.get(fullName(label))!)
  return moved.norm
}

/** The Euclidean norm of a vector, of shape []. */
export function euclideanNorm(b: ProgramBuilder, vector: NodeId): NodeId {
  return b.unary("sqrt", b.reshape(b.sum(b.times(vector, vector), [0]), []))
}

/**
 * A gradient times min(1, limit / (norm + 1e-6)); `limit` above 0. It is taken as 1 / max(1, (norm
 * + 1e-6) / limit), where nothing cancels.
 *
 * Source: Pascanu, Mikolov, Bengio 2013 (arXiv 1211.5063), with the conventions of PyTorch's
 * `clip_grad_norm_`.
 */
export function clipByNorm(b: ProgramBuilder, gradient: NodeId, norm: NodeId, limit: number): NodeId {
  const one = b.constant(1)
  const excess = b.unary("relu", b.minus(b.scale(b.plus(norm, b.constant(1e-6)), 1 / limit), one))
  return b.times(gradient, b.over(one, b.plus(one, excess)))
}
