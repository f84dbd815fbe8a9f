import { translate } from "../tensor/onnx/translate.ts"
import type { BuiltNetwork } from "./network.ts"
import type { NetworkState } from "./state.ts"

/**
 * A network with its state as an ONNX model of standard operators: input `image` [batch, channels, height, width], output `logits` [batch, classes] and
 * `logits_aux` where there is an auxiliary head, initializers by PyTorch's names.
 */
export function onnxFile({ program }: BuiltNetwork, { tensors }: NetworkState): Uint8Array {
  const held = [...program.inputs.keys()].flatMap((input) => {
    const name = input.replace(/^(param|buffer)\//, "")
    const tensor = tensors.get(name)
    return tensor === undefined ? [] : [[input, { name, data: tensor.data }] as const]
  })
  return translate(program, { block: 0, fusedProducts: false }, new Map(held)).bytes
}
