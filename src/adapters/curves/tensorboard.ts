import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { CurvePoint } from "../../domain/training/curve_point.ts"
import { Curves } from "../../effects/ports/curves.ts"
import { keepError, writeWhole } from "../checkpoints/files.ts"
import { eventRecords, fileHead, pointRecord } from "./event_file.ts"

/** The name of a run's event file; TensorBoard knows it by the `tfevents` in it. */
export const EVENT_FILE = "events.out.tfevents.na-nas"

/**
 * Curves as an event file of a folder, which TensorBoard reads, while the run goes on too. Points
 * that the file has already stay as they are, with the time at which they came; those that are cut
 * off, damaged or not the run's go, and those that it lacks are added.
 */
export const layer = (folder: string): Layer.Layer<Curves> =>
  Layer.succeed(Curves, {
    show: Effect.fn("TensorBoard.show")(function* (points: ReadonlyArray<CurvePoint>) {
      const seconds = (yield* Clock.currentTimeMillis) / 1000
      yield* Effect.try({ try: () => write(folder, points, seconds), catch: (error) => keepError(folder, error) })
    })
  })

function write(folder: string, points: ReadonlyArray<CurvePoint>, seconds: number): void {
  const file = join(folder, EVENT_FILE)
  const [head, ...known] = existsSync(file) ? eventRecords(readFileSync(file)) : []
  const records = (from: number) => points.slice(from).map((point) => pointRecord(point, seconds))
  if (head === undefined || head.point !== undefined) {
    mkdirSync(folder, { recursive: true })
    writeWhole(file, Buffer.concat([fileHead(seconds), ...records(0)]))
    return
  }
  let kept = 0
  while (kept < Math.min(known.length, points.length) && isSame(known[kept]!.point, points[kept]!)) kept += 1
  const end = kept === 0 ? head.end : known[kept - 1]!.end
  const bytes = Buffer.concat(records(kept))
  const handle = openSync(file, "r+")
  try {
    ftruncateSync(handle, end)
    for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at, bytes.length - at, end + at)
  } finally {
    closeSync(handle)
  }
}

/** Whether a file's point is another one in single precision. */
function isSame(stored: CurvePoint | undefined, point: CurvePoint): boolean {
  if (stored === undefined || stored.step !== point.step) return false
  const names = Object.keys(point.values)
  return (
    names.length === Object.keys(stored.values).length &&
    names.every((name) => Object.is(stored.values[name], Math.fround(point.values[name]!)))
  )
}
