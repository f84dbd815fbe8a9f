import type { ProgramBuilder } from "../program/builder.ts"

/** A tensor that an optimizer moves: its name, and the nodes of its value and its gradient, of the same shape. */
export interface Slot {
  readonly name: string
  readonly value: number
  readonly gradient: number
}

/**
 * Stochastic gradient descent with momentum and weight decay added to the gradient; `learningRate` is a node of shape []. Inputs `moment/<name>`, zeros at
 * the start; outputs `<name>` and `moment/<name>`.
 *
 * Source: Sutskever, Martens, Dahl, Hinton 2013, with the conventions of PyTorch.
 */
export function sgd(
  b: ProgramBuilder,
  slots: ReadonlyArray<Slot>,
  o: {
    readonly learningRate: number
    readonly momentum: number
    readonly nesterov: boolean
    readonly weightDecay: number
  }
): void {
  for (const { name, value, gradient } of slots) {
    const g = b.plus(gradient, b.scale(value, o.weightDecay))
    const moment = b.plus(b.scale(b.input(`moment/${name}`, b.shape(value)), o.momentum), g)
    const direction = o.nesterov ? b.plus(g, b.scale(moment, o.momentum)) : moment
    b.output(name, b.minus(value, b.times(direction, o.learningRate)))
    b.output(`moment/${name}`, moment)
  }
}

/**
 * Adam with weight decay added to the gradient; `learningRate` is a node of shape []. Inputs `first/<name>`, `second/<name>` and `adam/step` [], zeros at the start;
 * outputs of the same names and `<name>`.
 *
 * Source: Kingma and Ba 2015 (arXiv 1412.6980), with the conventions of PyTorch.
 */
export function adam(
  b: ProgramBuilder,
  slots: ReadonlyArray<Slot>,
  o: {
    readonly learningRate: number
    readonly beta1: number
    readonly beta2: number
    readonly epsilon: number
    readonly weightDecay: number
  }
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

/** Gradients scaled down together, so that their norm is at most a limit. */
export function clipByGlobalNorm(
  b: ProgramBuilder,
  gradients: ReadonlyArray<number>,
  limit: number
): ReadonlyArray<number> {
  const squares = gradients.map((g) =>
    b.reshape(
      b.sum(
        b.times(g, g),
        b.shape(g).map((_, axis) => axis)
      ),
      []
    )
  )
  const norm = b.unary(
    "sqrt",
    squares.reduce((sum, x) => b.plus(sum, x))
  )
  const over = b.unary("relu", b.minus(b.over(norm, b.constant(limit)), b.constant(1)))
  const factor = b.over(b.constant(1), b.plus(over, b.constant(1)))
  return gradients.map((g) => b.times(g, factor))
}
