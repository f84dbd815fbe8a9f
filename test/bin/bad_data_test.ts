import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import sharp from "sharp"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { writeSafetensors } from "../../src/adapters/tensor/safetensors.ts"
import { keyOf, uniformAt } from "../../src/domain/random.ts"
import { cifarRecords, temporary } from "../adapters/datasets/_files.ts"
import { cli, cliAsync, lastJson, type Ran } from "./_cli.ts"

const { folder, write, remove } = temporary()
const METHOD = ["darts", "--batch-size", "4", "--channels", "2", "--epochs", "1", "--image-size", "8"]
const SMALL = [...METHOD, "--backend", "reference"]
const search = (...args: ReadonlyArray<string>) => cli("search", ...SMALL, ...args)

/** One line, behind those of the progress, that says what is wrong and what cures it, exit code 1. */
function assertError(ran: Ran, ...texts: ReadonlyArray<string | RegExp>): void {
  assert.is(ran.status, 1, ran.stderr)
  const lines = ran.stderr.trim().split("\n")
  const [error, ...others] = lines.filter((line) => !/^(epoch|protocol) /.test(line))
  assert.equal(others, [])
  assert.match(error!, /^error: /)
  for (const text of texts) assert.match(error!, text)
}

const labels = (count: number) => Array.from({ length: count }, (_, i) => [i % 10])
const cifar = cifarRecords(labels(16))
const tensors = (count: number, side: number) => {
  const key = keyOf("bad data")
  const x = Float32Array.from({ length: count * side * side }, (_, i) => uniformAt(key, i))
  return writeSafetensors(
    new Map([
      ["train/x", { shape: [count, 1, side, side], data: x }],
      ["train/y", { shape: [count], data: Int32Array.from({ length: count }, (_, i) => i % 3) }],
      ["test/x", { shape: [1, 1, 8, 8], data: new Float32Array(64) }],
      ["test/y", { shape: [1], data: Int32Array.of(0) }]
    ])
  )
}
const digits = write("data.safetensors", tensors(16, 8))

/** A server of CIFAR files: `/broken` drops every connection on the way, `/whole` none. */
const server = createServer((request, response) => {
  response.writeHead(200, { "content-length": cifar.length })
  response.write(cifar.subarray(0, 1000))
  if (request.url?.startsWith("/broken") === true) setTimeout(() => response.destroy(), 5)
  else response.end(cifar.subarray(1000))
})
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
const { port } = server.address() as AddressInfo
const sha256 = createHash("sha256").update(cifar).digest("hex")
const address = (path: string, digest: string) => `http://127.0.0.1:${port}/${path}/train.bin#sha256=${digest}`

/** Its five attempts take 15 s: begun first, awaited last. */
const broken = ["--dataset", "cifar10", "--data", address("broken", sha256)]
const dropped = cliAsync({ HOME: folder }, "search", ...SMALL, ...broken).ended

const { HOME } = process.env
const test = suite("bad data")
test.before(() => {
  process.env.HOME = folder
})
test.after(() => {
  if (HOME === undefined) delete process.env.HOME
  else process.env.HOME = HOME
  server.close()
  remove()
})

test("a truncated file of CIFAR", async () => {
  write("truncated/train.bin", cifar.subarray(0, -1))
  const ran = await search("--dataset", "cifar10", "--data", join(folder, "truncated"))
  assertError(ran, "truncated/train.bin", "not a whole number of records of 3073 bytes", "fetch it again")
})

test("a label out of range", async () => {
  write("label/train.bin", cifarRecords([...labels(9), [10], ...labels(6)]))
  const ran = await search("--dataset", "cifar10", "--data", join(folder, "label"))
  assertError(ran, "record 9 has the label 10", "check that it is the binary version")
})

test("images of another size", async () => {
  const ran = await search("--dataset", "tensor-file", "--data", write("sizes.safetensors", tensors(24, 12)))
  assertError(ran, "images of train/x are 1 × 12 × 12, images of test/x are 1 × 8 × 8: give them one size")
})

test("labels with gaps: told, numbered anew, bounded", async () => {
  const [x, y] = [new Float32Array(16 * 64).fill(0.5), Int32Array.from({ length: 16 }, (_, i) => [0, 1, 500][i % 3]!)]
  const gaps = (labels: Int32Array) =>
    writeSafetensors(
      new Map([
        ["train/x", { shape: [16, 1, 8, 8], data: x.map((_, i) => (i % 7) / 7) }],
        ["train/y", { shape: [16], data: labels }]
      ])
    )
  const at = ["--dataset", "tensor-file", "--data", write("gaps.safetensors", gaps(y))]
  const told = await search(...at, "--json")
  assert.is(told.status, 0, told.stderr)
  assert.match(told.stderr, "498 of the 501 classes have no training image; --renumber")
  const anew = await search(...at, "--renumber", "--json")
  const { data, next } = lastJson(anew) as { readonly data: object; readonly next: ReadonlyArray<string> }
  assert.match(JSON.stringify(data), '"classes":3,"classNames":["0","1","500"]')
  assert.match(next[0]!, `--data ${join(folder, "gaps.safetensors")} --renumber`)
  assertError(await search(...at, "--classes", "500"), "label 2 of train/y is 500, and with 500 classes labels go from")
  const huge = write("huge.safetensors", gaps(y.with(5, 2_000_000_000)))
  assertError(await search(...at.slice(0, 3), huge), "label 5 of train/y is 2000000000: give the number of classes")
  const known = await search("--dataset", "mnist", "--classes", "10")
  assert.is(known.status, 2, known.stderr)
  assert.match(known.stderr, "--classes is a setting of the dataset")
})

test("a folder without images, and one without files of CIFAR", async () => {
  mkdirSync(join(folder, "empty", "train"), { recursive: true })
  const data = ["--data", join(folder, "empty")]
  assertError(await search("--dataset", "image-folder", ...data), "it has no images: put them into a folder for each")
  assertError(await search("--dataset", "cifar10", ...data), "there is no cifar-10 file named *data_batch*.bin")
})

test("an address with another checksum, and one without", async () => {
  const other = address("whole", "0".repeat(64))
  assertError(
    await search("--dataset", "cifar10", "--data", other),
    `its SHA-256 is ${sha256}, not 0000`,
    "correct the checksum"
  )
  const without = await search("--dataset", "cifar10", "--data", "https://example.org/cifar.tar.gz")
  assert.is(without.status, 2, without.stderr)
  assert.match(without.stderr, "--data: an address needs the SHA-256 checksum")
})

test("a full disk: nothing is lost, and the same command goes on when there is room", async () => {
  const run = join(folder, "full")
  mkdirSync(run)
  symlinkSync("/dev/full", join(run, "checkpoint-00000001.safetensors.draft"))
  const args = ["--dataset", "tensor-file", "--data", digits, "--json"]
  assertError(await search(...args, "--run", run), "the disk is full; free some space and run the same command again")
  const again = await search(...args, "--run", run)
  assert.is(again.status, 0, again.stderr)
  assert.is((lastJson(again).epochs as ReadonlyArray<unknown>).length, 1)
})

test("a folder of a run that is a file", async () => {
  const ran = await search("--dataset", "tensor-file", "--data", digits, "--run", digits)
  assertError(ran, "it is not a folder; choose another place")
})

test("a NaN loss: a kept run goes on with a lower learning rate, and with nothing else", async () => {
  const run = join(folder, "diverged")
  const args = ["--dataset", "tensor-file", "--data", digits, "--run", run]
  assertError(await search(...args, "--learning-rate", "1e30"), "is NaN or infinite", "--learning-rate (it was 1e+30)")
  assertError(await search(...args, "--learning-rate", "0.01", "--seed", "1"), "it was begun with another --seed")
  const lower = ["--run", run, "--learning-rate", "0.01", "--json"]
  const cured = await cli("search", ...lower)
  assert.is(cured.status, 0, cured.stderr)
  assert.is((lastJson(cured).settings as Readonly<Record<string, unknown>>).learningRate, 0.01)
  assertError(await search(...args, "--learning-rate", "0.02"), "it was begun with another --learning-rate")
})

test("an image that is damaged: a kept run goes on when it is mended", async () => {
  const image = (i: number) =>
    sharp({ create: { width: 8, height: 8, channels: 3, background: { r: 9 * i, g: 0, b: 0 } } })
  for (let i = 0; i < 16; i++)
    write(`images/train/${i % 2 === 0 ? "even" : "odd"}/${i}.png`, await image(i).png().toBuffer())
  const damaged = join(folder, "images/train/odd/5.png")
  const whole = readFileSync(damaged)
  writeFileSync(damaged, whole.subarray(0, 60))
  const run = join(folder, "images-run")
  const args = ["--dataset", "image-folder", "--data", join(folder, "images"), "--run", run, "--json"]
  assertError(await search(...args), "odd/5.png", "replace or remove it")
  assert.ok(existsSync(join(run, "run.json")))
  writeFileSync(damaged, whole)
  const mended = await search(...args)
  assert.is(mended.status, 0, mended.stderr)
})

test("a server that drops the connection", async () => {
  assertError(await dropped, "the connection broke", "continues where this stopped")
})

test.run()
