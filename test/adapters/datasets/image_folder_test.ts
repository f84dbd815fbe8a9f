import { mkdirSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import sharp from "sharp"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { openImageFolder } from "../../../src/adapters/datasets/image_folder.ts"
import { failure, run } from "../../_effect.ts"
import { open, refusal, temporary } from "./_files.ts"

const { folder, write, remove } = temporary()

/** A PNG of pixels [height, width, channels]. */
const png = (
  width: number,
  height: number,
  channels: 1 | 3 | 4,
  pixel: (y: number, x: number, c: number) => number
) => {
  const bytes = Uint8Array.from({ length: width * height * channels }, (_, i) =>
    pixel(Math.floor(i / channels / width), Math.floor(i / channels) % width, i % channels)
  )
  return sharp(bytes, { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .png()
    .toBuffer()
}
const color = (y: number, x: number, c: number) => 40 * y + 10 * x + 3 * c

write("set/train/cat/b.png", await png(4, 2, 3, color))
write("set/train/cat/a.PNG", await png(4, 2, 3, () => 200))
write("set/train/ant/deep/z.png", await png(4, 2, 1, (y, x) => 9 * y + x))
write("set/train/ant/notes.txt", "no image")
write("set/train/stray.png", await png(4, 2, 3, color))
write("set/val/cat/v.png", await png(4, 2, 4, (_, x, c) => (c === 3 ? (x < 2 ? 255 : 0) : 77)))
write("set/val/ant/w.png", await png(8, 4, 3, (_, __, c) => 50 * c))
write("set/test/cat/ignored.png", await png(4, 2, 3, color))
const SET = join(folder, "set")
const source = { _tag: "ImageFolder", from: SET, height: 2, width: 4 } as const

const test = suite("openImageFolder()")
test.after(remove)

test("classes and files are numbered by name; channels come one after the other", async () => {
  const { info, train } = await open(source)
  const { digest: _, leftOut: __, ...told } = info
  const from = [join(SET, "train"), join(SET, "val")]
  assert.equal(told, {
    name: SET,
    shape: [3, 2, 4],
    classes: 2,
    train: 3,
    test: 2,
    from,
    classNames: ["ant", "cat"],
    unseen: 0
  })
  const { images, labels } = await run(train.read([2, 0, 1]))
  assert.equal([...labels], [1, 0, 1])
  const planes = (pixel: (y: number, x: number, c: number) => number) =>
    Array.from({ length: 24 }, (_, i) => pixel(Math.floor(i / 4) % 2, i % 4, Math.floor(i / 8)))
  assert.equal([...images.subarray(0, 24)], planes(color))
  assert.equal(
    [...images.subarray(24, 48)],
    planes((y, x) => 9 * y + x)
  )
  assert.equal(
    [...images.subarray(48)],
    planes(() => 200)
  )
})

test("transparent pixels are black; images of other sizes are scaled", async () => {
  const { test: held } = await open(source)
  const { images, labels } = await run(held.read([1, 0]))
  assert.equal([...labels], [1, 0])
  assert.equal([...images.subarray(0, 8)], [77, 77, 0, 0, 77, 77, 0, 0])
  assert.equal(
    [...images.subarray(24)],
    Array.from({ length: 24 }, (_, i) => 50 * Math.floor(i / 8))
  )
})

test("an image covers the size asked for and is cut to its center", async () => {
  write("wide/train/a/x.png", await png(6, 2, 3, (_, x) => 40 * x))
  const { train } = await open({ _tag: "ImageFolder", from: join(folder, "wide"), height: 2, width: 2 })
  assert.equal([...(await run(train.read([0]))).images.subarray(0, 4)], [80, 120, 80, 120])
})

test("an image is turned as its EXIF data say", async () => {
  const upright = await png(2, 4, 3, (y, x) => 50 * y + 20 * x)
  write("turned/train/a/x.png", await sharp(upright).rotate(270).withMetadata({ orientation: 6 }).png().toBuffer())
  const { train } = await open({ _tag: "ImageFolder", from: join(folder, "turned"), height: 4, width: 2 })
  const plane = [0, 1, 2, 3].flatMap((y) => [50 * y, 50 * y + 20])
  assert.equal([...(await run(train.read([0]))).images.subarray(0, 8)], plane)
})

test("the digest tells names, sizes and the size asked for apart", async () => {
  const same = await open(source)
  const other = await open({ ...source, height: 3 })
  assert.is(same.info.digest, (await open(source)).info.digest)
  assert.not(same.info.digest === other.info.digest)
})

test("test/ is read where there is no val/, and neither is needed", async () => {
  write("small/train/a/x.png", await png(2, 2, 3, color))
  const from = join(folder, "small")
  assert.is((await open({ ...source, from })).info.test, 0)
  write("small/test/a/y.png", await png(2, 2, 3, color))
  assert.is((await open({ ...source, from })).info.test, 1)
})

test("an image that is damaged is an error that names it when it is read", async () => {
  const whole = await png(40, 40, 3, (y, x, c) => (y * x * 7 + c * 31) % 256)
  const cut = write("bad/train/a/cut.png", whole.subarray(0, whole.length / 2))
  const text = write("bad/train/a/text.jpg", "no image")
  const { train } = await open({ ...source, from: join(folder, "bad") })
  for (const [i, path] of [cut, text].entries()) {
    const error = await failure(train.read([i]))
    assert.is(error.reason, "damaged")
    assert.match(error.message, path)
    assert.match(error.message, "replace or remove it")
    assert.not.match(error.message, "\n")
  }
})

test("folders that are absent, empty or of other classes are errors", async () => {
  const gone = await refusal({ ...source, from: join(folder, "nope") })
  assert.equal([gone.reason, gone.dataset], ["missing_file", join(folder, "nope")])
  write("empty/train/a/readme.txt", "")
  const empty = await refusal({ ...source, from: join(folder, "empty") })
  assert.is(empty.reason, "empty")
  assert.match(empty.message, "it has no images, but 1 of .txt")
  write("apart/train/a/x.png", await png(2, 2, 3, color))
  write("apart/val/b/x.png", await png(2, 2, 3, color))
  const apart = await refusal({ ...source, from: join(folder, "apart") })
  assert.is(apart.reason, "wrong_classes")
  assert.match(apart.message, 'its parts have different classes, train/ alone has "a", val/ alone has "b"')
})

test("hidden names are left out, and what was left out is told", async () => {
  const { leftOut: before } = (await open(source)).info
  assert.equal(before, [
    { what: "files of other formats", count: 1, examples: [".txt"] },
    { what: "images in no class folder", count: 1, examples: ["stray.png"] },
    { what: "names beside the parts", count: 1, examples: ["test"] }
  ])
  const image = await png(2, 2, 3, color)
  for (const part of ["train", "val"]) {
    write(`hidden/${part}/a/x.png`, image)
    write(`hidden/${part}/.ipynb_checkpoints/x-checkpoint.png`, image)
    write(`hidden/${part}/a/._x.png`, "no image")
  }
  const { info } = await open({ ...source, from: join(folder, "hidden") })
  assert.equal([info.classes, info.train, info.test], [1, 1, 1])
  const examples = [".ipynb_checkpoints", "._x.png"]
  assert.equal(info.leftOut, [{ what: "hidden files or folders", count: 4, examples }])
})

test("links to folders and files are followed, and one that leads back is not", async () => {
  write("linked/elsewhere/x.png", await png(2, 2, 3, color))
  write("linked/set/train/a/y.png", await png(2, 2, 3, color))
  symlinkSync("../../elsewhere", join(folder, "linked/set/train/b"))
  symlinkSync("../../train", join(folder, "linked/set/train/a/loop"))
  const { info } = await open({ ...source, from: join(folder, "linked/set") })
  assert.equal([info.classes, info.train], [2, 2])
})

test("formats that are not read are named with their counts, beside those that are", async () => {
  for (let i = 0; i < 3; i++) write(`bmp/train/a/${i}.bmp`, "BM")
  write("bmp/train/a/x.PPM", "P6")
  const error = await refusal({ ...source, from: join(folder, "bmp") })
  assert.match(error.message, "3 of .bmp, 1 of .ppm (images with the endings .jpg, .jpeg,")
  assert.match(error.message, /are read\): convert them$/)
  write("loose/train/x.bmp", "BM")
  const loose = await refusal({ ...source, from: join(folder, "loose") })
  assert.match(
    loose.message,
    /convert them, and put them into a folder for each class, as train\/<class>\/<name>\.png$/
  )
})

test("a class without images is an error that names the class and the part", async () => {
  const image = await png(2, 2, 3, color)
  for (const name of ["train/ant", "train/bat", "val/ant"]) write(`bare/${name}/x.png`, image)
  mkdirSync(join(folder, "bare/val/bat"))
  const from = join(folder, "bare")
  assert.match(
    (await refusal({ ...source, from })).message,
    'the class "bat" has no image in val/: add some, or remove'
  )
  write("bare/val/bat/x.bmp", "BM")
  assert.match((await refusal({ ...source, from })).message, 'the class "bat" has no image in val/, but 1 of .bmp')
  write("bare/val/bat/x.png", image)
  mkdirSync(join(folder, "bare/train/cat"))
  assert.match((await refusal({ ...source, from })).message, 'the class "cat" has no image in train/')
})

test("folders of classes without parts are training images; other layouts are told what is right", async () => {
  const image = await png(2, 2, 3, color)
  const from = join(folder, "flat")
  for (const name of ["ant", "bee"]) write(`flat/${name}/x.png`, image)
  const { info } = await open({ ...source, from })
  assert.equal([info.classes, info.train, info.test, info.from], [2, 2, 0, [from]])
  const LAYOUT = "put the images into train/<class>/<name>.png, and val/<class>/<name>.png"
  for (const name of ["parts/training/ant/x.png", "parts/validation/ant/x.png", "set/pets/ant/x.png"])
    write(`layout/${name}`, image)
  write("layout/set/pets/bee/x.png", image)
  write("layout/loose/x.png", image)
  const named = await refusal({ ...source, from: join(folder, "layout/parts") })
  assert.match(named.message, `it has "training" but no folder train: ${LAYOUT}`)
  assert.match((await refusal({ ...source, from: join(folder, "layout/set") })).message, `no folder train: ${LAYOUT}`)
  const loose = await refusal({ ...source, from: join(folder, "layout/loose") })
  assert.match(loose.message, "its 1 images are in no class folder")
  const file = await refusal({ ...source, from: join(folder, "layout/loose/x.png") })
  assert.match(file.message, "it is a file: name the folder of the images")
})

test("names of classes are compared as they look, and two that look alike in one part are an error", async () => {
  const image = await png(2, 2, 3, color)
  const [composed, decomposed] = ["caf\u00e9", "cafe\u0301"]
  write(`accents/train/${composed}/x.png`, image)
  write(`accents/val/${decomposed}/x.png`, image)
  const { info } = await open({ ...source, from: join(folder, "accents") })
  assert.equal([info.classes, info.train, info.test], [1, 1, 1])
  write(`accents/train/${decomposed}/y.png`, image)
  const error = await refusal({ ...source, from: join(folder, "accents") })
  assert.match(error.message, "one composed (NFC), one decomposed (NFD)")
})

test("without sharp the error says how to get it", async () => {
  const program = openImageFolder(source, () => Promise.reject(new Error("Cannot find package"))).pipe(
    Effect.provide(NodeContext.layer)
  )
  const error = await failure(program)
  assert.is(error.reason, "missing_package")
  assert.match(error.message, "npm i sharp")
})

test.run()
