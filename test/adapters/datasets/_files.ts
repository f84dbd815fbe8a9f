import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import { layerCached } from "../../../src/adapters/datasets/layer.ts"
import { DatasetError, DatasetSource } from "../../../src/domain/data/dataset.ts"
import { type Dataset, Datasets } from "../../../src/effects/ports/datasets.ts"
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

/** Values of a pickle by its instructions: texts stand for their bytes, numbers for themselves. */
export function pickled(...parts: ReadonlyArray<string | number | Uint8Array>): Uint8Array {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === "number" ? Uint8Array.of(part) : typeof part === "string" ? Buffer.from(part, "latin1") : part
    )
  )
}

/** Four bytes of a length. */
export function length32(length: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, length, true)
  return bytes
}

/**
 * A file of CIFAR's Python version, as Python 2 wrote the published ones: protocol 2, texts as
 * bytes, a numpy array rebuilt of its state. `labels` are lists by the names of their keys; images
 * are those of `cifarRecords`.
 */
export function cifarPickle(labels: Readonly<Record<string, ReadonlyArray<number>>>, first = 0): Uint8Array {
  const records = cifarRecords(
    Object.values(labels)[0]!.map(() => []),
    first
  )
  const key = (name: string) => pickled("U", name.length, name)
  const array = pickled(
    "cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\0\x85U\x01b\x87Rq\x03(K\x01K",
    records.length / 3072,
    "M\0\x0c\x86cnumpy\ndtype\nq\x04U\x02u1K\0K\x01\x87Rq\x05(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89T",
    length32(records.length),
    records,
    "tb"
  )
  const lists = Object.entries(labels).flatMap(([name, own]) => [
    key(name),
    pickled("](", ...own.flatMap((label) => ["K", label]), "e")
  ])
  return pickled("\x80\x02}q\0(", key("batch_label"), key("training batch 1 of 5"), ...lists, key("data"), array, "u.")
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
