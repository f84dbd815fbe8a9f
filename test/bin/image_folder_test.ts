import { existsSync } from "node:fs"
import { join } from "node:path"
import sharp from "sharp"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { temporary } from "../adapters/datasets/_files.ts"
import { cli, lastJson } from "./_cli.ts"

const { folder, write, remove } = temporary()
const CELL = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|"

/** Twelve images of 8×8 for each of two classes. */
async function writeClasses(...places: ReadonlyArray<string>): Promise<void> {
  for (const place of places)
    for (let i = 0; i < 12; i++) {
      const background = { r: 20 * i, g: place.endsWith("ant") ? 200 : 20, b: 90 }
      const image = sharp({ create: { width: 8, height: 8, channels: 3, background } })
      write(`${place}/${i}.png`, await image.png().toBuffer())
    }
}
await writeClasses("both/train/ant", "both/train/bee", "both/val/ant", "both/val/bee", "flat/ant", "flat/bee")
await writeClasses("both/train/.ipynb_checkpoints", "both/val/.ipynb_checkpoints")

const images = (name: string) => ["--dataset", "image-folder", "--data", join(folder, name), "--image-size", "8"]
const SMALL = ["--batch-size", "4", "--channels", "2", "--cells", "1", "--epochs", "1", "--crop", "0"]
const evaluate = (name: string, ...args: ReadonlyArray<string>) =>
  cli("evaluate", "--architecture", CELL, ...images(name), ...SMALL, "--flip", "no", ...args)
const ofTraining: readonly [string, ...ReadonlyArray<string>] = [
  "rs",
  "--evaluator",
  "train",
  "--samples",
  "1",
  "--cache",
  join(folder, "cache")
]
const search = (name: string, algorithm: string, ...args: ReadonlyArray<string>) =>
  cli("search", algorithm, ...images(name), ...SMALL, ...args)

const test = suite("folders of images")
test.after(remove)

test("without test images a training keeps its weights, and tells that it measured no test", async () => {
  const ran = await evaluate("flat", "--run", join(folder, "run"), "--save-weights", "--json")
  assert.is(ran.status, 0, ran.stderr)
  const { test: measured, weights } = lastJson(ran)
  assert.is(measured, null)
  assert.is(weights, join(folder, "run", "weights.safetensors"))
  assert.match(ran.stderr, "test accuracy  not measured: the data have no test images")
  const again = await cli("evaluate", "--run", join(folder, "run"), "--json")
  assert.equal([again.status, lastJson(again).test], [0, null])
})

test("a test image that is damaged is told before the first step", async () => {
  await writeClasses("cut/train/ant", "cut/train/bee", "cut/val/ant", "cut/val/bee")
  write("cut/val/bee/7.png", "no image")
  const ran = await evaluate("cut", "--run", join(folder, "cut-run"))
  assert.is(ran.status, 1, ran.stderr)
  assert.match(ran.stderr, /^error: .*val\/bee\/7\.png.*: replace or remove it\n$/)
  assert.not.ok(existsSync(join(folder, "cut-run")))
})

test("a validation share that is less than an image is one usage error for all who train", async () => {
  const share = ["--validation", "0.01"]
  for (const ran of [await evaluate("both", ...share), await search("both", ...ofTraining, ...share)]) {
    assert.is(ran.status, 2, ran.stderr)
    assert.match(ran.stderr, "--validation: 0.01 of 24 images is less than one image; give at least 0.042")
  }
  assert.is((await evaluate("both", "--validation", "0.042")).status, 0)
})

test("every report tells what was read, and what was left out", async () => {
  const row =
    /data +24 training images \((\d+) trained with, (\d+) held out\) and 24 test images of 2 classes, 3×8×8, from /
  const gradient: readonly [string, ...ReadonlyArray<string>] = ["darts", "--json", "--backend", "onnx"]
  const supernet: readonly [string, ...ReadonlyArray<string>] = ["rs", "--evaluator", "supernet", "--samples", "1"]
  for (const ran of [
    await evaluate("both", "--validation", "0.5", "--json"),
    await search("both", ...gradient),
    await search("both", ...ofTraining, "--json"),
    await search("both", ...supernet, "--json")
  ]) {
    assert.is(ran.status, 0, ran.stderr)
    assert.match(ran.stderr, row)
    assert.match(ran.stderr, /classes +ant, bee\n/)
    assert.match(ran.stderr, /left out +2 hidden files or folders \(\.ipynb_checkpoints\)/)
    assert.equal(lastJson(ran).data, {
      name: join(folder, "both"),
      classes: 2,
      classNames: ["ant", "bee"],
      image: [3, 8, 8],
      train: 24,
      test: 24,
      used: { training: 12, validation: 12 },
      from: [join(folder, "both/train"), join(folder, "both/val")],
      leftOut: [{ what: "hidden files or folders", count: 2, examples: [".ipynb_checkpoints"] }],
      classesWithoutImages: 0
    })
  }
})

test.run()
