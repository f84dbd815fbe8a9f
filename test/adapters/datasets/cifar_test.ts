import { existsSync } from "node:fs"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { run } from "../../_effect.ts"
import { cifarPickle, cifarPixel, cifarRecords, open, pickled, refusal, temporary } from "./_files.ts"

const { folder, write, remove } = temporary()
const SHARED = "../shared/data"

const test = suite("openCifar()")
test.after(remove)

const first = write("ten/below/data_batch_1.bin", cifarRecords([[3], [9]]))
write("ten/below/data_batch_2.bin", cifarRecords([[0]], 2))
const tests = write("ten/below/test_batch.bin", cifarRecords([[7], [1]], 10))
write("ten/below/other.bin", "not a part")
write("ten/below/mnist_train_10.bin", "of another dataset")
write("ten/below/batches.meta.txt", "airplane\n")
write(
  "hundred/train.bin",
  cifarRecords([
    [19, 99],
    [0, 4]
  ])
) // prettier: coarse, fine
write("hundred/test.bin", cifarRecords([[5, 50]], 9))

test("a folder gives its parts by the names of its files, in their order", async () => {
  const { info, train, test: held } = await open({ _tag: "Cifar10", from: [join(folder, "ten")] })
  assert.equal(
    { ...info, digest: "" },
    {
      name: "cifar-10",
      shape: [3, 32, 32],
      classes: 10,
      train: 3,
      test: 2,
      from: [join(folder, "ten")],
      leftOut: [{ what: "files of other datasets", count: 1, examples: ["below/mnist_train_10.bin"] }],
      unseen: 7,
      digest: ""
    }
  )
  const samples = await run(train.read([2, 0, 1]))
  assert.equal([...samples.labels], [0, 3, 9])
  const records = [2, 0, 1].flatMap((i) => Array.from({ length: 3072 }, (_, j) => cifarPixel(i, j)))
  assert.equal([...samples.images], records)
  const reported = await run(held.read([1]))
  assert.equal([...reported.labels], [1])
  assert.is(reported.images[5], cifarPixel(11, 5))
})

test("the Python version gives what the binary one gives", async () => {
  write("py/cifar-10-batches-py/data_batch_1", cifarPickle({ labels: [3, 9] }))
  write("py/cifar-10-batches-py/data_batch_2", cifarPickle({ labels: [0] }, 2))
  write("py/cifar-10-batches-py/test_batch", cifarPickle({ labels: [7, 1] }, 10))
  write("py/cifar-10-batches-py/batches.meta", "no images")
  const digest = (await open({ _tag: "Cifar10", from: [join(folder, "ten")] })).info.digest
  assert.is((await open({ _tag: "Cifar10", from: [join(folder, "py")] })).info.digest, digest)
  write("py100/train", cifarPickle({ fine_labels: [99, 4], coarse_labels: [19, 0] }))
  write("py100/test", cifarPickle({ fine_labels: [50], coarse_labels: [5] }, 9))
  for (const labels of ["fine", "coarse"] as const) {
    const [python, binary] = ["py100", "hundred"].map(
      (name) => ({ _tag: "Cifar100", from: [join(folder, name)], labels }) as const
    )
    assert.is((await open(python!)).info.digest, (await open(binary!)).info.digest)
  }
  const other = await refusal({ _tag: "Cifar10", from: [join(folder, "py100")] })
  assert.match(other.message, "its records are those of cifar-100, not of cifar-10: open it as cifar-100")
  const damaged = write("cutpy_train", cifarPickle({ labels: [1] }).subarray(0, 3000))
  assert.match(
    (await refusal({ _tag: "Cifar10", from: [damaged] })).message,
    "Python version (it is cut off): fetch it again"
  )
  const odd = write("odd_train", pickled("\x80\x02}U\x04dataU\x01xs."))
  assert.match((await refusal({ _tag: "Cifar10", from: [odd] })).message, 'it does not contain "data" and "labels"')
})

test("the Python version beside the binary one is left out", async () => {
  write("double/bin/data_batch_1.bin", cifarRecords([[3], [9]]))
  write("double/py/data_batch_1", cifarPickle({ labels: [3, 9] }))
  const { info } = await open({ _tag: "Cifar10", from: [join(folder, "double")] })
  assert.equal([info.train, info.leftOut.map(({ what }) => what)], [2, ["files of the Python version"]])
})

test("CIFAR-10 beside CIFAR-100, in folders that name them or mixed: each opens", async () => {
  const fine = cifarRecords([
    [0, 1],
    [2, 3],
    [4, 5]
  ])
  const files = {
    "beside/cifar-10-batches-bin/data_batch_1.bin": cifarRecords([[3], [9]]),
    "beside/cifar-100-binary/train.bin": fine,
    "besidepy/cifar-10-batches-py/data_batch_1": cifarPickle({ labels: [3, 9] }),
    "besidepy/cifar-100-python/train": cifarPickle({ fine_labels: [1, 3, 5], coarse_labels: [0, 2, 4] }),
    "mixed/data_batch_1.bin": cifarRecords([[3], [9]]),
    "mixed/train.bin": fine
  }
  for (const [name, bytes] of Object.entries(files)) write(name, bytes)
  for (const name of ["beside", "besidepy", "mixed"]) {
    const from = [join(folder, name)] as const
    const [ten, hundred] = [await open({ _tag: "Cifar10", from }), await open({ _tag: "Cifar100", from })]
    assert.equal([ten.info.train, hundred.info.train], [2, 3], name)
    assert.equal(
      ten.info.leftOut.map(({ what, count }) => [what, count]),
      [["files of other datasets", 1]]
    )
  }
  const lonely = await refusal({ _tag: "Cifar10", from: [join(folder, "beside/cifar-100-binary/train.bin")] })
  assert.match(lonely.message, "open it as cifar-100")
})

test("a folder with nothing but an archive says to name it", async () => {
  write("packed/cifar-10-python.tar.gz", "")
  const error = await refusal({ _tag: "Cifar10", from: [join(folder, "packed")] })
  assert.match(error.message, '(Python version): name "cifar-10-python.tar.gz" in it, or unpack it')
})

test("files are taken in the order in which they are named", async () => {
  const second = join(folder, "ten/below/data_batch_2.bin")
  const { info, train } = await open({ _tag: "Cifar10", from: [second, first] })
  assert.equal([...(await run(train.read([0, 1, 2]))).labels], [0, 3, 9])
  assert.is(info.test, 0)
})

test("CIFAR-100 has fine and coarse labels", async () => {
  const from = [join(folder, "hundred")] as const
  const fine = await open({ _tag: "Cifar100", from })
  const coarse = await open({ _tag: "Cifar100", from, labels: "coarse" })
  assert.equal([fine.info.classes, fine.info.name], [100, "cifar-100"])
  assert.equal([coarse.info.classes, coarse.info.name], [20, "cifar-100-coarse"])
  const samples = await run(fine.train.read([0, 1]))
  assert.equal([...samples.labels], [99, 4])
  assert.equal([...(await run(coarse.train.read([0, 1]))).labels], [19, 0])
  assert.is(samples.images[3072 + 8], cifarPixel(1, 8))
})

test("the digest tells other pixels, labels and splits apart", async () => {
  const digestOf = async (...from: [string, ...Array<string>]) => (await open({ _tag: "Cifar10", from })).info.digest
  const pixel = cifarRecords([[3], [9]])
  pixel[3000]! ^= 1
  const all = [
    await digestOf(first),
    await digestOf(write("pixel_train.bin", pixel)),
    await digestOf(write("label_train.bin", cifarRecords([[3], [8]]))),
    await digestOf(write("one_train.bin", cifarRecords([[3]])), write("one_test.bin", cifarRecords([[9]], 1))),
    await digestOf(first, tests)
  ]
  assert.is(new Set(all).size, 5)
  assert.is(await digestOf(write("same_train.bin", cifarRecords([[3], [9]]))), all[0])
})

const faults: ReadonlyArray<readonly [string, () => string, string, string]> = [
  [
    "a file that is cut off",
    () => write("cut_train.bin", cifarRecords([[1]]).subarray(0, 3000)),
    "truncated",
    "3000 bytes"
  ],
  ["an empty file", () => write("empty_train.bin", ""), "empty", "fetch it again"],
  [
    "a label out of range",
    () => write("label_train.bin", cifarRecords([[1], [10]])),
    "wrong_label",
    "record 1 has the label 10"
  ],
  ["the other version", () => join(folder, "hundred/train.bin"), "wrong_size", "open it as cifar-100"],
  ["a file of no part", () => join(folder, "ten/below/other.bin"), "missing_file", "rename it"],
  [
    "a word that only holds the name of a part",
    () => write("contest.bin", cifarRecords([[1]])),
    "missing_file",
    "rename it"
  ],
  ["a word that begins with it", () => write("trainer.bin", cifarRecords([[1]])), "missing_file", "rename it"],
  ["a file that does not exist", () => join(folder, "nope_train.bin"), "missing_file", "does not exist"],
  ["a folder without files", () => join(write("none/readme.txt", ""), ".."), "empty", "data_batch"],
  ["tests only", () => tests, "empty", "data_batch"]
]
for (const [name, path, reason, problem] of faults) {
  test(`${name} is an error that names the file and the cure`, async () => {
    const error = await refusal({ _tag: "Cifar10", from: [path()] })
    assert.is(error.reason, reason)
    assert.match(error.message, problem)
    assert.match(error.message, path())
  })
}

if (existsSync(SHARED))
  test("10,000 and 2,000 records of CIFAR-10, classes in turn", async () => {
    const from = ["cifar10_train_10000.bin", "cifar10_test_2000.bin"].map((name) => join(SHARED, name)) as [
      string,
      string
    ]
    const { info, train } = await open({ _tag: "Cifar10", from })
    assert.equal([info.train, info.test], [10000, 2000])
    const { labels, images } = await run(train.read(Array.from({ length: 10000 }, (_, i) => i)))
    assert.ok(labels.every((label, i) => label === labels[i % 10]))
    let mean = 0
    for (let i = 0; i < images.length; i++) if (i % 3072 < 1024) mean += images[i]! / 255 / 1024 / 10000
    assert.ok(Math.abs(mean - 0.4914) < 0.01, `${mean}`)
  })
else console.log("left out: CIFAR-10 records, for want of ../shared/data")

test.run()
