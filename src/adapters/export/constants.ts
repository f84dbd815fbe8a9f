import * as Effect from "effect/Effect"
import type { NodeId } from "../../domain/program/node.ts"
import type { Shape } from "../../domain/program/operation.ts"
import type { Program } from "../../domain/program/program.ts"
import { simplify } from "../../domain/program/rewrite.ts"
import { type DeviceTensor, TensorBackend } from "../../effects/ports/tensor_backend.ts"
import * as Reference from "../tensor/reference.ts"

/** A tensor that is known before a program runs. */
export interface Constant {
  readonly shape: Shape
  /** Elements in row-major order. */
  readonly data: ArrayLike<number>
}

/** Nodes that need no input but the given ones, computed in double precision. */
export const computeConstants = Effect.fn("computeConstants")(
  function* (program: Program, wanted: ReadonlyArray<NodeId>, inputs: ReadonlyMap<string, ArrayLike<number>>) {
    const outputs = new Map(
      wanted.map((node) => {
        const { shape } = program.nodes[node]!
        return [String(node), { role: "result", name: String(node), node, shape } as const]
      })
    )
    const part = simplify({ ...program, outputs })
    const backend = yield* TensorBackend
    const executable = yield* backend.compile(part)
    const tensors = new Map<string, DeviceTensor>()
    for (const [name, { shape }] of part.inputs) tensors.set(name, yield* backend.upload(shape, inputs.get(name)!))
    const constants = new Map<number, Constant>()
    for (const [name, tensor] of yield* executable.run(tensors))
      constants.set(Number(name), { shape: tensor.shape, data: yield* backend.download(tensor) })
    return constants
  },
  Effect.scoped,
  Effect.provide(Reference.layer("f64")),
  Effect.orDie
)
