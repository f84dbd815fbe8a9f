import * as Either from "effect/Either"
import { isObject, readPickle } from "./pickle.ts"

/** Values of an image. */
const PIXELS = 3072

/**
 * The records of the binary version from a file of the Python version: a dictionary with `data`, a
 * numpy array [images, 3072] of bytes or its bytes, and `labels`, or `coarse_labels` and
 * `fine_labels`. A failure says what is wrong.
 *
 * Source of the format: Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html.
 */
export function binaryRecords(pickle: Uint8Array): Either.Either<Uint8Array, string> {
  return Either.flatMap(readPickle(pickle), (contents) => {
    if (!(contents instanceof Map)) return Either.left("it contains no dictionary")
    const names = contents.has("fine_labels") ? ["coarse_labels", "fine_labels"] : ["labels"]
    const labels = names.map((name) => contents.get(name))
    const pixels = arrayBytes(contents.get("data"))
    if (pixels === undefined || !labels.every(isLabels))
      return Either.left(`it does not contain "data" and "${names.join('", "')}"`)
    const count = pixels.length / PIXELS
    if (labels.some((own) => own.length !== count)) return Either.left("its images and labels differ in number")
    const record = names.length + PIXELS
    const records = new Uint8Array(count * record)
    for (let i = 0; i < count; i++) {
      for (const [j, own] of labels.entries()) records[i * record + j] = own[i]!
      records.set(pixels.subarray(i * PIXELS, (i + 1) * PIXELS), i * record + names.length)
    }
    return Either.right(records)
  })
}

function isLabels(value: unknown): value is ReadonlyArray<number> {
  return Array.isArray(value) && value.every((label) => Number.isInteger(label) && label >= 0 && label < 256)
}

/**
 * The elements of a numpy array of bytes, in row-major order: of its state, or of the call that
 * makes it. Bytes stand for themselves.
 */
function arrayBytes(array: unknown): Uint8Array | undefined {
  if (array instanceof Uint8Array) return array
  if (!isObject(array)) return undefined
  const [, , , byColumns, bytes]: ReadonlyArray<unknown> = Array.isArray(array.state) ? array.state : []
  if (bytes instanceof Uint8Array && byColumns === false) return bytes
  const [own, , , order]: ReadonlyArray<unknown> = Array.isArray(array.arguments) ? array.arguments : []
  return own instanceof Uint8Array && order === "C" ? own : undefined
}
