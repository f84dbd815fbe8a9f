import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import { SettingsError } from "../../domain/setting/settings_error.ts"
import { readSafetensors, writeSafetensors } from "../tensor/safetensors.ts"
import { isFixed, readExportable } from "./architecture.ts"
import { describeExport } from "./describe.ts"
import { exportMetadata } from "./metadata.ts"
import { type BuiltNetwork, buildNetwork, ExportError, type NetworkSizes, networkSizes } from "./network.ts"
import { onnxFile } from "./onnx_file.ts"
import { normalizationIn, normalizationMetadata, type PixelRequest, pixelsOf, pixelsText } from "./pixels.ts"
import { initialState, stateDict, stateOf } from "./state.ts"
import { torchSource } from "./torch_source.ts"
import { type WrittenFile, writeFiles } from "./write_files.ts"

/**
 * Which network, in any form that `readExportable` takes; sizes left out are the published ones.
 */
export interface NetworkRequest {
  readonly architecture: string
  readonly space?: string | undefined
  readonly sizes: { readonly [K in keyof NetworkSizes]?: NetworkSizes[K] | undefined }
}

/** What to export, and where to. */
export interface ExportRequest extends NetworkRequest, PixelRequest {
  /** `torch` writes a second file beside `out`, with the ending .safetensors. */
  readonly format: "onnx" | "torch"
  readonly out: string
  /** Images per run of an ONNX model; any number where it is left out. */
  readonly batch?: number | undefined
  /**
   * A safetensors file with weights and running statistics; without one, they are made from `seed`.
   */
  readonly weights?: string | undefined
  readonly seed: string
  /** Whether files that exist are replaced. */
  readonly force: boolean
}

/** What was exported. */
export interface Exported extends WrittenFile {
  /** Number of parameters, without those of an auxiliary head. */
  readonly parameters: number
  /** Multiplications with an addition for one image, without an auxiliary head. */
  readonly multiplyAdds: number
  /** What its images are. */
  readonly input: string
  /** The state file of a PyTorch module. */
  readonly state?: WrittenFile
}

/** The sizes of a network and its parts; nothing is written. */
export const describeRequest = Effect.fn("describeRequest")(function* ({ architecture, space, sizes }: NetworkRequest) {
  const exportable = yield* readExportable(architecture, space)
  return yield* describeExport(exportable, yield* networkSizes(exportable, sizes))
})

/** Write a network with its weights. */
export const exportNetwork = Effect.fn("exportNetwork")(function* (request: ExportRequest) {
  const { format, out, batch, seed, force } = request
  const path = yield* Path.Path
  if (batch !== undefined && (!Number.isInteger(batch) || batch < 1))
    return yield* new SettingsError({ problem: `--batch: expected a positive integer, actual ${batch}` })
  if (batch !== undefined && format === "torch")
    return yield* new SettingsError({ problem: "--batch: a PyTorch module takes any number of images; leave it out" })
  const ending = format === "onnx" ? ".onnx" : ".py"
  if (path.extname(out) !== ending)
    return yield* new SettingsError({ problem: `--out: the format ${format} is a file *${ending}, not "${out}"` })
  const exportable = yield* readExportable(request.architecture, request.space)
  if (!isFixed(exportable)) {
    const problem = `a file cannot hold its operation "noise", which is drawn anew for every image; --describe shows its size`
    return yield* new ExportError({ problem })
  }
  const sizes = yield* networkSizes(exportable, request.sizes)
  const network = yield* buildNetwork(exportable, sizes, 1)
  const { parameters, multiplyAdds } = yield* describeExport(exportable, sizes)
  const { state, stored } =
    request.weights === undefined
      ? { state: initialState(network, seed), stored: undefined }
      : yield* readState(network, request.weights)
  const pixels = yield* pixelsOf(request, stored, sizes.imageChannels)
  const input = pixelsText(pixels)
  const metadata = exportMetadata(exportable, sizes)
  if (format === "onnx") {
    const bytes = yield* onnxFile(network, state, { batch, pixels, metadata })
    const [model] = yield* writeFiles(new Map([[out, bytes]]), force)
    return exportedOf(model!, { parameters, multiplyAdds, input })
  }
  const stateFile = `${out.slice(0, -ending.length)}.safetensors`
  const source = torchSource(exportable, { sizes, network, pixels, stateFile: path.basename(stateFile) })
  const contents = new Map([
    [stateFile, writeSafetensors(stateDict(state), { format: "pt", ...normalizationMetadata(pixels.normalization) })],
    [out, new TextEncoder().encode(source)]
  ])
  const [tensors, module] = yield* writeFiles(contents, force)
  return exportedOf(module!, { parameters, multiplyAdds, input, state: tensors! })
})

function exportedOf(file: WrittenFile, rest: Omit<Exported, keyof WrittenFile>): Exported {
  return { ...file, ...rest }
}

const readState = Effect.fnUntraced(function* (network: BuiltNetwork, file: string) {
  const files = yield* FileSystem.FileSystem
  const unreadable = () =>
    new ExportError({ problem: `the weights "${file}" cannot be read; --weights takes a safetensors file` })
  const bytes = yield* Effect.mapError(files.readFile(file), unreadable)
  const stored = yield* readSafetensors(file, bytes)
  return { state: yield* stateOf(network, file, stored), stored: normalizationIn(stored.metadata) }
})
