import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { run } from "../../_effect.ts"
import { open, refusal, safetensors, temporary } from "./_files.ts"

const { folder, write, remove } = temporary()
const floats = (count: number, first = 0) => Float32Array.from({ length: count }, (_, i) => (first + i) / 7 - 1)
const PARTS = {
  "train/x": [[3, 2, 1, 2], floats(12)],
  "train/y": [[3], Int32Array.of(2, 0, 1)],
  "test/x": [[1, 2, 1, 2], floats(4, 50)],
  "test/y": [[1], Int32Array.of(1)]
} as const
type Parts = Parameters<typeof safetensors>[0]
let files = 0
const file = (parts: Parts) => write(`${files++}.safetensors`, safetensors(parts))

const test = suite("openTensorFile()")
test.after(remove)

test("gives the tensors' rows and labels", async () => {
  const from = file(PARTS)
  const { info, train, test: held } = await open({ _tag: "TensorFile", from })
  const { digest: _, ...rest } = info
  assert.equal(rest, {
    name: from,
    shape: [2, 1, 2],
    classes: 3,
    train: 3,
    test: 1,
    from: [from],
    leftOut: [],
    unseen: 0
  })
  const samples = await run(train.read([2, 0]))
  assert.equal([...samples.images], [...floats(4, 8), ...floats(4)])
  assert.equal([...samples.labels], [1, 2])
  assert.equal([...(await run(held.read([0]))).images], [...floats(4, 50)])
})

test("double precision and labels in floats are taken, a test part may be absent", async () => {
  const from = file({
    "train/x": [[3, 2, 1, 2], Float64Array.from(floats(12))],
    "train/y": [[3], Float32Array.of(2, 0, 1)]
  })
  const { info, train } = await open({ _tag: "TensorFile", from, classes: 5 })
  assert.equal([info.classes, info.test], [5, 0])
  const { images, labels } = await run(train.read([1]))
  assert.equal(images, floats(4, 4))
  assert.equal([...labels], [0])
})

test("images in bytes stay bytes, labels may be bytes too", async () => {
  const bytes = Uint8Array.from({ length: 12 }, (_, i) => 20 * i)
  const from = file({ "train/x": [[3, 2, 1, 2], bytes], "train/y": [[3], Uint8Array.of(2, 0, 1)] })
  const { info, train } = await open({ _tag: "TensorFile", from })
  assert.is(info.classes, 3)
  const { images, labels } = await run(train.read([1, 0]))
  assert.equal(images, Uint8Array.of(80, 100, 120, 140, 0, 20, 40, 60))
  assert.equal([...labels], [0, 2])
})

test("a folder with one file, and an archive with one, give what the file gives", async () => {
  const bytes = safetensors(PARTS)
  const single = await open({ _tag: "TensorFile", from: file(PARTS) })
  const path = write("one/below/a.safetensors", bytes)
  write("one/notes.txt", "no tensors")
  spawnSync("tar", ["-czf", join(folder, "one.tar.gz"), "-C", folder, "one"])
  for (const from of [join(folder, "one"), join(folder, "one.tar.gz")]) {
    const { info } = await open({ _tag: "TensorFile", from })
    assert.equal([info.digest, info.train], [single.info.digest, 3])
    assert.ok(info.name.endsWith("below/a.safetensors"))
  }
  assert.is((await open({ _tag: "TensorFile", from: path })).info.name, path)
})

test("tensors of other names are not read, however near they are and wherever they lie", async () => {
  const { "test/x": _images, "test/y": _labels, ...untested } = PARTS
  const others = {
    "model/train/x": [[1], Float32Array.of(Number.NaN)],
    "train/y2": [[2], Uint8Array.of(7, 8), "F8_E4M3"]
  } as const
  const { train, info } = await open({ _tag: "TensorFile", from: file(untested) })
  const expected = await run(train.read([0, 1, 2]))
  for (const parts of [
    { ...others, ...untested, test: PARTS["test/x"], "test/x/": PARTS["test/x"] },
    { ...untested, ...others, y: PARTS["test/y"], "Test/y": PARTS["test/y"] }
  ]) {
    const beside = await open({ _tag: "TensorFile", from: file(parts) })
    assert.equal(await run(beside.train.read([0, 1, 2])), expected)
    assert.equal([beside.info.digest, beside.info.classes, beside.info.test], [info.digest, 3, 0])
    assert.is(beside.info.leftOut[0]?.count, 4)
  }
})

test("tensors that nobody asks for may be of any type, and are told", async () => {
  const strange = [[4], Uint8Array.of(1, 2, 3, 4), "F8_E4M3"] as const
  const from = file({ ...PARTS, "extra/x": strange, mask: [[2], Uint8Array.of(0, 1), "BOOL"] })
  const { info } = await open({ _tag: "TensorFile", from })
  assert.equal(info.leftOut, [{ what: "other tensors", count: 2, examples: ["extra/x", "mask"] }])
  const asked = await refusal({
    _tag: "TensorFile",
    from: file({ ...PARTS, "train/y": [[3], Uint8Array.of(0, 1, 2), "F8_E5M2"] })
  })
  assert.match(asked.message, 'the tensor "train/y" is of the type F8_E5M2, which is not read (F64, F32, F16,')
})

test("images in floats of 16 bits, labels in integers of any size", async () => {
  const images = Uint16Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? 0x3c00 : 0xb800))
  const labels = { U16: Uint16Array.of(2, 0, 1), BOOL: Uint8Array.of(0, 1, 0), I8: Uint8Array.of(2, 0, 1) }
  for (const [dtype, data] of Object.entries(labels)) {
    const from = file({ "train/x": [[3, 2, 1, 2], images, "F16"], "train/y": [[3], data, dtype] })
    const { train } = await open({ _tag: "TensorFile", from })
    const samples = await run(train.read([1]))
    assert.equal([...samples.images], [1, -0.5, 1, -0.5])
    assert.equal([...samples.labels], [data[1]])
  }
  const short = file({ "train/x": [[3, 2, 1, 2], images], "train/y": [[3], Uint8Array.of(2, 0, 1)] })
  assert.match((await refusal({ _tag: "TensorFile", from: short })).message, "store it as F32 or U8")
})

const labeled = (...labels: ReadonlyArray<number>) =>
  file({
    "train/x": [[labels.length, 1, 1, 1], floats(labels.length)],
    "train/y": [[labels.length], Float64Array.from(labels)]
  })

test("classes without an image are counted; labels can be numbered anew", async () => {
  const from = labeled(0, 500, 1)
  const { info } = await open({ _tag: "TensorFile", from })
  assert.equal([info.classes, info.unseen], [501, 498])
  const anew = await open({ _tag: "TensorFile", from, renumber: true })
  assert.equal([anew.info.classes, anew.info.unseen, anew.info.classNames], [3, 0, ["0", "1", "500"]])
  assert.equal([...(await run(anew.train.read([0, 1, 2]))).labels], [0, 2, 1])
  const tested = file({ ...PARTS, "test/y": [[1], Int32Array.of(7)] })
  const error = await refusal({ _tag: "TensorFile", from: tested, renumber: true })
  assert.match(error.message, "label 0 of test/y is 7, which no training image has")
})

test("labels are bounded by the classes, and by 10,000 where none are given", async () => {
  for (const label of [2_000_000_000, 1_000_000, 4e9, 10_000]) {
    const error = await refusal({ _tag: "TensorFile", from: labeled(0, label) })
    assert.is(error.reason, "wrong_label")
    assert.match(error.message, `label 1 of train/y is ${label}: give the number of classes (--classes), or renumber`)
  }
  const { info } = await open({ _tag: "TensorFile", from: labeled(0, 10_000), classes: 10_001 })
  assert.equal([info.classes, info.unseen], [10_001, 9_999])
  const anew = await open({ _tag: "TensorFile", from: labeled(0, 4e9), renumber: true })
  assert.is(anew.info.classes, 2)
})

test("names of another kind are shown, with those that are needed", async () => {
  const { "train/x": x, "train/y": y } = PARTS
  const error = await refusal({ _tag: "TensorFile", from: file({ x_train: x, y_train: y }) })
  assert.match(error.message, 'no tensor "train/x", only "x_train", "y_train": name them "train/x" and "train/y"')
})

const { "train/y": _labels, ...unlabeled } = PARTS
const { "test/x": _images, ...halfTested } = PARTS
const infinite = floats(12)
infinite[5] = Number.POSITIVE_INFINITY
const faults: ReadonlyArray<readonly [string, Parts, string, string]> = [
  ["labels are missing", unlabeled, "missing_tensor", '"train/y"'],
  ["test images are missing", halfTested, "missing_tensor", '"test/x"'],
  ["images are flat", { ...PARTS, "train/x": [[3, 4], floats(12)] }, "wrong_size", "not [3, 4]"],
  ["images have no pixels", { ...PARTS, "train/x": [[3, 0, 1, 2], floats(0)] }, "wrong_size", "not [3, 0, 1, 2]"],
  ["a label lacks", { ...PARTS, "train/y": [[2], Int32Array.of(1, 2)] }, "wrong_size", "must be [3]"],
  ["labels are one-hot", { ...PARTS, "train/y": [[3, 1], Int32Array.of(1, 2, 0)] }, "wrong_size", "must be [3]"],
  ["images are integers", { ...PARTS, "train/x": [[3, 2, 1, 2], new Int32Array(12)] }, "wrong_size", "floats"],
  ["test images are of another size", { ...PARTS, "test/x": [[1, 2, 2, 1], floats(4)] }, "wrong_size", "2 × 2 × 1"],
  ["a label is no whole number", { ...PARTS, "train/y": [[3], Float32Array.of(0, 0.5, 1)] }, "wrong_label", "label 1"],
  ["a label is negative", { ...PARTS, "train/y": [[3], Int32Array.of(0, 1, -1)] }, "wrong_label", "label -1"],
  ["a value is infinite", { ...PARTS, "train/x": [[3, 2, 1, 2], infinite] }, "damaged", "element 5"],
  [
    "there are no samples",
    { "train/x": [[0, 2, 1, 2], floats(0)], "train/y": [[0], new Int32Array(0)] },
    "empty",
    "no training"
  ]
]
for (const [name, parts, reason, problem] of faults) {
  test(`where ${name}, the error says so`, async () => {
    const from = file(parts)
    const error = await refusal({ _tag: "TensorFile", from })
    assert.is(error.reason, reason, error.message)
    assert.ok(error.message.includes(problem), error.message)
    assert.ok(error.message.includes(from), error.message)
  })
}

test("a label beyond the classes that are named is an error", async () => {
  const error = await refusal({ _tag: "TensorFile", from: file(PARTS), classes: 2 })
  assert.is(error.reason, "wrong_label")
  assert.match(error.message, "label 0 of train/y is 2, and with 2 classes labels go from 0 to 1")
})

test("a file that is no safetensors file, or a folder with two, is an error", async () => {
  const damaged = await refusal({
    _tag: "TensorFile",
    from: write("x.safetensors", safetensors(PARTS).subarray(0, -1))
  })
  assert.is(damaged.reason, "damaged")
  write("two/a.safetensors", safetensors(PARTS))
  write("two/b.safetensors", safetensors(PARTS))
  assert.match((await refusal({ _tag: "TensorFile", from: join(folder, "two") })).message, "contains 2 files")
})

test.run()
