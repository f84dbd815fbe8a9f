import * as Schema from "@effect/schema/Schema"
import type { ProgramBuilder } from "../program/builder.ts"

const Rate = Schema.Number.pipe(Schema.nonNegative(), Schema.finite())
const Share = Schema.Number.pipe(Schema.greaterThanOrEqualTo(0), Schema.lessThan(1))

function withDefault<A, I>(
  schema: Schema.Schema<A, I>,
  value: A
): Schema.optionalWith<Schema.Schema<A, I>, { default: () => A }> {
  return Schema.optionalWith(schema, { default: () => value })
}

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

/** An optimizer with all that stays fixed over a run; the learning rate is an input, so a schedule never compiles anew. */
export const OptimizerSettings = Schema.Union(SgdSettings, AdamSettings)
export type OptimizerSettings = typeof OptimizerSettings.Type

/** A tensor that an optimizer moves: its name, and the nodes of its value and its gradient, of the same shape. */
export interface ParameterSlot {
  readonly name: string
  readonly value: number
  readonly gradient: number
}

/**
 * Stochastic gradient descent with momentum and weight decay added to the gradient; `learningRate` is a node of shape []. Inputs, with a momentum above 0,
 * `moment/<name>`, zeros at the start; outputs `<name>` and, with a momentum, `moment/<name>`.
 *
 * Source: Sutskever, Martens, Dahl, Hinton 2013, with the conventions of PyTorch.
 */
export function sgd(
  b: ProgramBuilder,
  slots: ReadonlyArray<ParameterSlot>,
  o: Omit<SgdSettings, "_tag"> & { readonly learningRate: number }
): void {
  for (const { name, value, gradient } of slots) {
    const g = b.plus(gradient, b.scale(value, o.weightDecay))
    let direction = g
    if (o.momentum > 0) {
      const moment = b.plus(b.scale(b.input(`moment/${name}`, b.shape(value)), o.momentum), g)
      b.output(`moment/${name}`, moment)
      direction = o.nesterov ? b.plus(g, b.scale(moment, o.momentum)) : moment
    }
    b.output(name, b.minus(value, b.times(direction, o.learningRate)))
  }
}

/**
 * Adam with weight decay added to the gradient; `learningRate` is a node of shape []. Inputs `first/<name>`, `second/<name>` and `adam/step` [], the number of
 * steps taken before, all zeros at the start; outputs of the same names and `<name>`.
 *
 * Source: Kingma and Ba 2015 (arXiv 1412.6980), with the conventions of PyTorch.
 */
export function adam(
  b: ProgramBuilder,
  slots: ReadonlyArray<ParameterSlot>,
  o: Omit<AdamSettings, "_tag"> & { readonly learningRate: number }
): void {
  const step = b.plus(b.input("adam/step", []), b.constant(1))
  b.output("adam/step", step)
  const correction = (beta: number) => b.minus(b.constant(1), b.unary("exp", b.scale(step, Math.log(beta))))
  for (const { name, value, gradient } of slots) {
    const g = b.plus(gradient, b.scale(value, o.weightDecay))
    const first = b.plus(b.scale(b.input(`first/${name}`, b.shape(value)), o.beta1), b.scale(g, 1 - o.beta1))
    const second = b.plus(
      b.scale(b.input(`second/${name}`, b.shape(value)), o.beta2),
      b.scale(b.times(g, g), 1 - o.beta2)
    )
    const mean = b.over(first, correction(o.beta1))
    const deviation = b.plus(b.unary("sqrt", b.over(second, correction(o.beta2))), b.constant(o.epsilon))
    b.output(name, b.minus(value, b.times(b.over(mean, deviation), o.learningRate)))
    b.output(`first/${name}`, first)
    b.output(`second/${name}`, second)
  }
}

/** A step of the optimizer that the settings name; see `sgd` and `adam` for its inputs and outputs. */
export function optimizerStep(
  b: ProgramBuilder,
  slots: ReadonlyArray<ParameterSlot>,
  settings: OptimizerSettings,
  learningRate: number
): void {
  if (settings._tag === "Sgd") sgd(b, slots, { ...settings, learningRate })
  else adam(b, slots, { ...settings, learningRate })
}

/** The Euclidean norm of all tensors together, of shape []. */
export function globalNorm(b: ProgramBuilder, tensors: ReadonlyArray<number>): number {
  const squares = tensors.map((x) => {
    const axes = b.shape(x).map((_, axis) => axis)
    return b.reshape(b.sum(b.times(x, x), axes), [])
  })
  return b.unary(
    "sqrt",
    squares.reduce((sum, x) => b.plus(sum, x), b.constant(0))
  )
}

/**
 * Gradients times min(1, limit / (norm + 1e-6)), and their norm before, of shape []; `limit` above 0. It is taken as
 * 1 / max(1, (norm + 1e-6) / limit), where nothing cancels.
 *
 * Source: Pascanu, Mikolov, Bengio 2013 (arXiv 1211.5063), with the conventions of PyTorch's `clip_grad_norm_`.
 */
export function clipByGlobalNorm(
  b: ProgramBuilder,
  gradients: ReadonlyArray<number>,
  limit: number
): { readonly gradients: ReadonlyArray<number>; readonly norm: number } {
  const norm = globalNorm(b, gradients)
  const one = b.constant(1)
  const excess = b.unary("relu", b.minus(b.scale(b.plus(norm, b.constant(1e-6)), 1 / limit), one))
  const factor = b.over(one, b.plus(one, excess))
  return { gradients: gradients.map((g) => b.times(g, factor)), norm }
}
