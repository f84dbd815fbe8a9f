import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import { layerCached } from "../../../src/adapters/datasets/layer.ts"
import { DatasetError, DatasetSource } from "../../../src/domain/data/dataset.ts"
import { type Dataset, Datasets } from "../../../src/effects/datasets.ts"
import { failure, run } from "../../_effect.ts"

/** A temporary folder, and a way to write files into it. */
export function temporary() {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-data-"))
  return {
    folder,
    write: (name: string, bytes: Uint8Array | string) => {
      const path = join(folder, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, bytes)
      return path
    },
    remove: () => rmSync(folder, { recursive: true, force: true })
  }
}

/** No test of this file's users downloads. */
const CACHE = join(tmpdir(), "na-nas-no-downloads")

const opening = (source: typeof DatasetSource.Encoded): Effect.Effect<Dataset, DatasetError> =>
  Effect.flatMap(Datasets, (datasets) => datasets.open(Schema.decodeSync(DatasetSource)(source))).pipe(
    Effect.provide(layerCached(CACHE)),
    Effect.provide(NodeContext.layer)
  )

/** Open a dataset that is there. */
export function open(source: typeof DatasetSource.Encoded): Promise<Dataset> {
  return run(opening(source))
}

/** The error of a dataset that cannot be opened. */
export async function refusal(source: typeof DatasetSource.Encoded): Promise<DatasetError> {
  const error = await failure(opening(source))
  if (!(error instanceof DatasetError)) throw error
  return error
}

/** CIFAR records: labels, then 3,072 values that tell the record, the channel and the pixel. */
export function cifarRecords(labels: ReadonlyArray<ReadonlyArray<number>>, first = 0): Uint8Array {
  return Uint8Array.from(
    labels.flatMap((own, i) => [...own, ...Array.from({ length: 3072 }, (_, j) => cifarPixel(first + i, j))])
  )
}

/** Value j of record i. */
export function cifarPixel(i: number, j: number): number {
  return (31 * i + 7 * Math.floor(j / 1024) + j) % 256
}

/** The bytes of a safetensors file. */
export function safetensors(
  tensors: Readonly<
    Record<
      string,
      readonly [
        ReadonlyArray<number>,
        Float32Array | Float64Array | Int32Array | Uint8Array | Uint16Array,
        /** The type, where the array does not tell it. */
        string?
      ]
    >
  >
): Uint8Array {
  const types = new Map<unknown, string>([
    [Float32Array, "F32"],
    [Float64Array, "F64"],
    [Int32Array, "I32"],
    [Uint8Array, "U8"],
    [Uint16Array, "U16"]
  ])
  let end = 0
  const header = Object.entries(tensors).map(([name, [shape, data, dtype = types.get(data.constructor)]]) => {
    const start = end
    end += data.byteLength
    return [name, { dtype, shape, data_offsets: [start, end] }]
  })
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true)
  const data = Object.values(tensors).map(([, { buffer, byteOffset, byteLength }]) =>
    Buffer.from(buffer, byteOffset, byteLength)
  )
  return Buffer.concat([length, text, ...data])
}
