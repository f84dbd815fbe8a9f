import { VERSION } from "../version.ts"
import { inferenceModel } from "./inference_model.ts"
import type { BuiltNetwork } from "./network.ts"
import { normalizationMetadata, type Pixels, pixelsText } from "./pixels.ts"
import type { NetworkState } from "./state.ts"

/** What an ONNX model tells of itself, and takes. */
interface OnnxOptions {
  /** Images per run; any number where it is left out. */
  readonly batch?: number | undefined
  readonly pixels: Pixels
  /** Of the network; what tells its images is added. */
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * A network with its state as an ONNX model of standard operators: input `image` [batch, channels,
 * height, width], output `logits` [batch, classes] and `logits_aux` where there is an auxiliary
 * head. The program is that of one image.
 */
export function onnxFile(
  { program }: BuiltNetwork,
  { tensors }: NetworkState,
  { batch, pixels, metadata }: OnnxOptions
) {
  const inputs = new Map(
    [...program.inputs.keys()].flatMap((input) => {
      const tensor = tensors.get(input.replace(/^(param|buffer)\//, ""))
      return tensor === undefined ? [] : [[input, tensor.data] as const]
    })
  )
  const { normalization, builtIn } = pixels
  const input = pixelsText(pixels)
  return inferenceModel(program, inputs, {
    batch: batch ?? "batch",
    normalization: builtIn ? normalization : undefined,
    about: input,
    facts: { version: VERSION, metadata: { ...metadata, input, ...normalizationMetadata(normalization) } }
  })
}
