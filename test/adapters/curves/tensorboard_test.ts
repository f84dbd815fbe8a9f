import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { eventRecords } from "../../../src/adapters/curves/event_file.ts"
import { EVENT_FILE, layer } from "../../../src/adapters/curves/tensorboard.ts"
import type { CurvePoint } from "../../../src/domain/training/curve_point.ts"
import { Curves } from "../../../src/effects/ports/curves.ts"
import { failure, run } from "../../_effect.ts"

const root = mkdtempSync(join(tmpdir(), "na-nas-curves-"))
const showing = (folder: string, points: ReadonlyArray<CurvePoint>) =>
  Effect.provide(
    Effect.flatMap(Curves, (curves) => curves.show(points)),
    layer(folder)
  )
const fileOf = (folder: string) => join(folder, EVENT_FILE)
const shown = (folder: string) =>
  eventRecords(readFileSync(fileOf(folder))).flatMap(({ point }) => (point === undefined ? [] : [point]))

/** Points whose values are exact in single precision. */
const points = (count: number, shift = 0): ReadonlyArray<CurvePoint> =>
  Array.from({ length: count }, (_, i) => ({
    step: i + 1,
    values: { "loss/training": 2 / 2 ** i + shift, ...(i % 2 === 0 ? {} : { skip: -0.25 * i }) }
  }))

const test = suite("TensorBoard curves")
test.after(() => rmSync(root, { recursive: true, force: true }))

test("hold the points that were shown last: more, fewer or others, at once or one by one", async () => {
  const folder = join(root, "new", "folder")
  const later = points(5).map((point) => ({ ...point, step: 2 * point.step }))
  for (const list of [points(3), points(4), points(2), points(2, 1), [], points(5), later]) {
    await run(showing(folder, list))
    assert.equal(shown(folder), list)
  }
})

test("points that stay keep their bytes and their file", async () => {
  const folder = join(root, "kept")
  await run(showing(folder, points(2)))
  const [before, { ino }] = [readFileSync(fileOf(folder)), statSync(fileOf(folder))]
  await new Promise((resolve) => setTimeout(resolve, 5))
  await run(showing(folder, points(4)))
  const after = readFileSync(fileOf(folder))
  assert.ok(after.subarray(0, before.length).equals(before))
  assert.is(statSync(fileOf(folder)).ino, ino)
  await run(showing(folder, points(4)))
  assert.ok(readFileSync(fileOf(folder)).equals(after))
})

test("a value of 0 is written, and its point keeps its time when others follow", async () => {
  const folder = join(root, "zero")
  const zeros: ReadonlyArray<CurvePoint> = [0, -0, 1].map((value, i) => ({ step: i, values: { drop_path: value } }))
  await run(showing(folder, zeros.slice(0, 2)))
  assert.equal(shown(folder), zeros.slice(0, 2))
  const before = readFileSync(fileOf(folder))
  await new Promise((resolve) => setTimeout(resolve, 5))
  await run(showing(folder, zeros))
  assert.equal(shown(folder), zeros)
  assert.ok(readFileSync(fileOf(folder)).subarray(0, before.length).equals(before))
})

test("a file cut off at any byte, or with a byte that turned, is mended", async () => {
  const folder = join(root, "cut")
  await run(showing(folder, points(2)))
  const whole = readFileSync(fileOf(folder))
  for (let at = 0; at < whole.length; at++) {
    writeFileSync(fileOf(folder), whole.subarray(0, at))
    await run(showing(folder, points(3)))
    assert.equal(shown(folder), points(3), `cut at ${at}`)
    const turned = Buffer.from(whole)
    turned[at]! ^= 0x40
    writeFileSync(fileOf(folder), turned)
    await run(showing(folder, points(3)))
    assert.equal(shown(folder), points(3), `turned at ${at}`)
  }
})

test("a folder that cannot be one is an error that names it", async () => {
  const folder = join(root, "file")
  writeFileSync(folder, "")
  const error = await failure(showing(join(folder, "run"), points(1)))
  assert.match(error.message, /Cannot keep the run in ".*file.run": it is not a folder; choose another place/)
})

test.run()
