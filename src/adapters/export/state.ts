import * as Either from "effect/Either"
import { initialWeights } from "../../domain/network/initial_weights.ts"
import type { Shape } from "../../domain/program/operation.ts"
import { elementCount, sameShape } from "../../domain/program/program.ts"
import type { Seed } from "../../domain/random.ts"
import type { StoredTensor, StoredTensors, WritableTensor } from "../tensor/safetensors.ts"
import { type BuiltNetwork, ExportError } from "./network.ts"

/** A tensor of a network, single precision, row-major. */
interface StateTensor {
  readonly shape: Shape
  readonly data: Float32Array
}

/**
 * Weights and running statistics of a network, by PyTorch's names without the counters of batches.
 */
export interface NetworkState {
  readonly tensors: ReadonlyMap<string, StateTensor>
  /** Batches that each normalization has seen, by the name of its counter. */
  readonly counters: ReadonlyMap<string, number>
}

const COUNTER = "num_batches_tracked"

/** The names of the counters of batches, one per normalization. */
function counterNames({ buffers }: BuiltNetwork): ReadonlyArray<string> {
  const end = "running_mean"
  return [...buffers.keys()].flatMap((name) => (name.endsWith(end) ? [`${name.slice(0, -end.length)}${COUNTER}`] : []))
}

/**
 * The state before any training: seeded weights, running means 0 and variances 1. Equal seeds,
 * equal states.
 */
export function initialState(network: BuiltNetwork, seed: Seed): NetworkState {
  const tensors = new Map<string, StateTensor>()
  for (const [name, data] of initialWeights(network.parameters, seed))
    tensors.set(name, { shape: network.parameters.get(name)!, data })
  for (const [name, shape] of network.buffers)
    tensors.set(name, { shape, data: new Float32Array(elementCount(shape)).fill(name.endsWith("running_var") ? 1 : 0) })
  return { tensors, counters: new Map(counterNames(network).map((name) => [name, 0])) }
}

/**
 * The state in a file's tensors, named `param/NAME` and `buffer/NAME` or plainly `NAME`. Tensors in
 * other folders, as `momentum/NAME`, and those of an auxiliary head that the network lacks are left
 * out; any other surplus, gap or difference in shape is an error, and so is a weight that is NaN or
 * infinite.
 */
export function stateOf(
  network: BuiltNetwork,
  file: string,
  { tensors }: StoredTensors
): Either.Either<NetworkState, ExportError> {
  const fail = (problem: string) => Either.left(new ExportError({ problem: `the weights "${file}" ${problem}` }))
  const plain = new Map<string, StoredTensor>()
  for (const [name, tensor] of tensors) {
    const bare = name.replace(/^(param|buffer)\//, "")
    if (bare.includes("/")) continue
    if (plain.has(bare)) return fail(`hold "${bare}" twice`)
    plain.set(bare, tensor)
  }
  const found = new Map<string, StateTensor>()
  for (const [name, shape] of [...network.parameters, ...network.buffers]) {
    const tensor = plain.get(name)
    if (tensor === undefined) {
      const auxiliary = name.startsWith("auxiliary_head.")
      return fail(
        `lack "${name}"; ${auxiliary ? "leave out --auxiliary" : "give their --architecture, --cells and --stem"}`
      )
    }
    if (!sameShape(tensor.shape, shape)) {
      const [own, expected] = [tensor.shape.join(", "), shape.join(", ")]
      return fail(`have "${name}" in the shape [${own}] instead of [${expected}]; give their --channels and --classes`)
    }
    const data = Float32Array.from(tensor.data)
    const wrong = data.find((value) => !Number.isFinite(value))
    if (wrong !== undefined)
      return fail(
        `hold ${Number.isNaN(wrong) ? "NaN" : "an infinite number"} in "${name}": their training diverged; give others`
      )
    found.set(name, { shape, data })
  }
  const counters = new Map(counterNames(network).map((name) => [name, plain.get(name)?.data[0] ?? 0]))
  for (const name of plain.keys()) {
    const surplus = !found.has(name) && !counters.has(name) && !name.startsWith("auxiliary_head.")
    if (surplus) return fail(`hold "${name}", which the network lacks; give their --architecture and --cells`)
  }
  return Either.right({ tensors: found, counters })
}

/** The state as PyTorch's `state_dict()` names and types it. */
export function stateDict({ tensors, counters }: NetworkState): ReadonlyMap<string, WritableTensor> {
  const counts = [...counters].map(
    ([name, count]) => [name, { shape: [], data: BigInt64Array.of(BigInt(count)) }] as const
  )
  return new Map<string, WritableTensor>([...tensors, ...counts])
}
