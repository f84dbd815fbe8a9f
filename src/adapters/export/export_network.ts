import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import { SettingsError } from "../../domain/search/settings.ts"
import { readSafetensors, writeSafetensors } from "../tensor/safetensors.ts"
import { isFixed, readExportable } from "./architecture.ts"
import { describeExport } from "./describe.ts"
import { type BuiltNetwork, buildNetwork, ExportError, type NetworkSizes, networkSizes } from "./network.ts"
import { onnxFile } from "./onnx_file.ts"
import { initialState, stateDict, stateOf } from "./state.ts"
import { torchSource } from "./torch_source.ts"
import { type WrittenFile, writeFiles } from "./write_files.ts"

/** Which network, in any form that `readExportable` takes; sizes left out are the published ones. */
export interface NetworkRequest {
  readonly architecture: string
  readonly space?: string | undefined
  readonly sizes: { readonly [K in keyof NetworkSizes]?: NetworkSizes[K] | undefined }
}

/** What to export, and where to. */
export interface ExportRequest extends NetworkRequest {
  /** `torch` writes a second file beside `out`, with the ending .safetensors. */
  readonly format: "onnx" | "torch"
  readonly out: string
  /** Images per run of an ONNX model. */
  readonly batch: number
  /** A safetensors file with weights and running statistics; without one, they are made from `seed`. */
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
  if (!Number.isInteger(batch) || batch < 1)
    return yield* new SettingsError({ problem: `--batch: expected a positive integer, actual ${batch}` })
  const ending = format === "onnx" ? ".onnx" : ".py"
  if (path.extname(out) !== ending)
    return yield* new SettingsError({ problem: `--out: the format ${format} is a file *${ending}, not "${out}"` })
  const exportable = yield* readExportable(request.architecture, request.space)
  if (!isFixed(exportable)) {
    const problem = `a file cannot hold its operation "noise", which is drawn anew for every image; --describe tells its size`
    return yield* new ExportError({ problem })
  }
  const sizes = yield* networkSizes(exportable, request.sizes)
  const network = yield* buildNetwork(exportable, sizes, batch)
  const { parameters, multiplyAdds } = yield* describeExport(exportable, sizes)
  const state = request.weights === undefined ? initialState(network, seed) : yield* readState(network, request.weights)
  if (format === "onnx") {
    const [model] = yield* writeFiles(new Map([[out, onnxFile(network, state)]]), force)
    return exportedOf(model!, { parameters, multiplyAdds })
  }
  if (exportable._tag === "Space") {
    const problem = `--format: a module of PyTorch is written for genotypes and for NAS-Bench-201's cells, --format onnx for every space of cells`
    return yield* new SettingsError({ problem })
  }
  const stateFile = `${out.slice(0, -ending.length)}.safetensors`
  const source = torchSource(exportable, sizes, network, path.basename(stateFile))
  const contents = new Map([
    [stateFile, writeSafetensors(stateDict(state), { format: "pt" })],
    [out, new TextEncoder().encode(source)]
  ])
  const [tensors, module] = yield* writeFiles(contents, force)
  return exportedOf(module!, { parameters, multiplyAdds, state: tensors! })
})

function exportedOf(file: WrittenFile, rest: Omit<Exported, keyof WrittenFile>): Exported {
  return { ...file, ...rest }
}

const readState = Effect.fnUntraced(function* (network: BuiltNetwork, file: string) {
  const files = yield* FileSystem.FileSystem
  const unreadable = () =>
    new ExportError({ problem: `the weights "${file}" cannot be read; --weights takes a safetensors file` })
  const bytes = yield* Effect.mapError(files.readFile(file), unreadable)
  return yield* stateOf(network, file, yield* readSafetensors(file, bytes))
})
