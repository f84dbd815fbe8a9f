import * as Effect from "effect/Effect"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import * as Reference from "../../src/adapters/tensor/reference.ts"
import { darts } from "../../src/domain/darts/methods/darts.ts"
import type { ImageShape } from "../../src/domain/data/dataset.ts"
import { builtinSpace } from "../../src/domain/space/spaces.ts"
import { readSpace } from "../../src/library/readable.ts"
import { runPromise } from "../../src/library/run_promise.ts"
import { type DartsOptions, searchDarts } from "../../src/library/search_darts.ts"

const y = Array.from({ length: 32 }, (_, i) => i % 2)
const x = Float32Array.from({ length: 32 * 64 }, (_, i) => y[Math.floor(i / 64)]! + Math.sin(i))
const images = { x, y, shape: [1, 8, 8] as ImageShape }
const settings = { epochs: 1, batchSize: 8, channels: 2 }
const asked = { space: builtinSpace("nas-bench-201"), images, settings }
const refused = async (given: Partial<DartsOptions>) =>
  (await runPromise(Effect.flip(searchDarts({ ...asked, ...given })))).message

const test = suite("searchDarts()")

test("is NA-DARTS where nothing else is said, the same for the same seed", async () => {
  const steps: Array<number> = []
  const found = await runPromise(searchDarts({ ...asked, onProgress: ({ step }) => steps.push(step) }))
  assert.equal(steps, [1, 2])
  assert.is(found.epochs.length, 1)
  assert.equal(Object.keys(found.choices), ["0->1", "0->2", "1->2", "0->3", "1->3", "2->3"])
  assert.equal(await runPromise(searchDarts({ ...asked, seed: "0" })), found)
  const other = await runPromise(searchDarts({ ...asked, seed: 1 }))
  assert.not.equal(other.epochs, found.epochs)
})

test("without neighbors it is DARTS", async () => {
  const alone = await runPromise(searchDarts({ ...asked, settings: { ...settings, neighbors: 0, stopRule: false } }))
  const plain = await runPromise(searchDarts({ ...asked, method: darts, settings: { ...settings } }))
  assert.equal(
    alone.epochs.map(({ alpha }) => alpha),
    plain.epochs.map(({ alpha }) => alpha)
  )
})

test("searches cells of one's own, on a backend of one's own, whatever the cells are called", async () => {
  const operations = ["none", "skip_connect", "nor_conv_1x1"]
  const space = readSpace({
    name: "two",
    cells: [{ name: "cell", inputs: 1, nodes: 1, edges: [{ from: 0, to: 1, operations }] }]
  })
  const found = await runPromise(searchDarts({ ...asked, space, backend: Reference.layer("f32") }))
  assert.equal(Object.keys(found.choices), ["0->1"])
})

for (const [name, given, told] of [
  ["too few pixels", { images: { ...images, x: x.subarray(1) } }, "`x` has 2047 elements, but 32 labels and images"],
  ["labels that are not whole", { images: { ...images, y: y.map((one) => one / 2) } }, "`y` holds 0.5: give whole"],
  ["a class that is not there", { images: { ...images, classes: 1 } }, "sample 1 has the label 1"],
  ["an unknown setting", { settings: { epoch: 1 } as object }, /`epoch`: .* na-darts/],
  ["a setting that is wrong", { settings: { epochs: 0 } }, "`epochs`: expected a whole number above 0, not 0"]
] as const) {
  test(`refuses ${name}, and names what to change in code`, async () => {
    const message = await refused(given as Partial<DartsOptions>)
    assert.match(message, told)
    assert.not.match(message, "--")
  })
}

test.run()
