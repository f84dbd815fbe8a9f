import crc32c from "crc-32/crc32c.js"
import protobuf from "protobufjs/light.js"
import type { CurvePoint } from "../../domain/training/curve_point.ts"

/**
 * The part of the format of events that curves need; field numbers are those of TensorFlow's
 * event.proto and summary.proto.
 */
const eventType = protobuf.Root.fromJSON({
  nested: {
    Event: {
      fields: {
        wallTime: { type: "double", id: 1 },
        step: { type: "int64", id: 2 },
        fileVersion: { type: "string", id: 3 },
        summary: { type: "Summary", id: 5 }
      }
    },
    Summary: { fields: { value: { rule: "repeated", type: "Value", id: 1 } } },
    Value: {
      fields: { tag: { type: "string", id: 1 }, simpleValue: { type: "float", id: 2 } },
      // As in summary.proto; a member of a oneof is written even where it is 0.
      oneofs: { value: { oneof: ["simpleValue"] } }
    }
  }
}).lookupType("Event")

/**
 * Bytes before and after the data of a record: its length, and a checksum each of the length and
 * the data.
 */
const [HEAD, TAIL] = [12, 4]

/** TensorFlow's mask of a CRC-32C. */
function checksum(bytes: Uint8Array): number {
  const crc = crc32c.buf(bytes) >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

function record(event: Readonly<Record<string, unknown>>): Uint8Array {
  const data = eventType.encode(eventType.fromObject(event)).finish()
  const bytes = new Uint8Array(HEAD + data.length + TAIL)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, checksum(bytes.subarray(0, 8)), true)
  bytes.set(data, HEAD)
  view.setUint32(HEAD + data.length, checksum(data), true)
  return bytes
}

/** What an event file begins with. `seconds` is the time since 1970. */
export function fileHead(seconds: number): Uint8Array {
  return record({ wallTime: seconds, fileVersion: "brain.Event:2" })
}

/** The record of a point. `seconds` is the time since 1970 at which it came to be. */
export function pointRecord({ step, values }: CurvePoint, seconds: number): Uint8Array {
  const value = Object.entries(values).map(([tag, simpleValue]) => ({ tag, simpleValue }))
  return record({ wallTime: seconds, step, summary: { value } })
}

/**
 * A record of an event file: its point, which the file's head lacks, and the place in the file
 * where it ends.
 */
interface EventRecord {
  readonly point: CurvePoint | undefined
  readonly end: number
}

/** The records of an event file up to the first that is cut off or damaged. */
export function eventRecords(bytes: Uint8Array): ReadonlyArray<EventRecord> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const records: Array<EventRecord> = []
  for (let at = 0; at + HEAD <= bytes.length; ) {
    const length = Number(view.getBigUint64(at, true))
    const end = at + HEAD + length + TAIL
    if (end > bytes.length || view.getUint32(at + 8, true) !== checksum(bytes.subarray(at, at + 8))) break
    const data = bytes.subarray(at + HEAD, at + HEAD + length)
    if (view.getUint32(at + HEAD + length, true) !== checksum(data)) break
    records.push({ point: pointOf(data), end })
    at = end
  }
  return records
}

/**
 * Decoded with every field in its place, whatever wrote it: the checksum has told that it is an
 * event.
 */
function pointOf(data: Uint8Array): CurvePoint | undefined {
  const event: {
    readonly step?: number
    readonly summary?: { readonly value?: ReadonlyArray<{ readonly tag?: string; readonly simpleValue?: number }> }
  } = eventType.toObject(eventType.decode(data), { longs: Number })
  if (event.summary === undefined) return undefined
  const values = (event.summary.value ?? []).map(({ tag = "", simpleValue = Number.NaN }) => [tag, simpleValue])
  return { step: event.step ?? 0, values: Object.fromEntries(values) }
}
