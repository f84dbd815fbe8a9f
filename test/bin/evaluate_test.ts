import { spawn } from "node:child_process"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Either from "effect/Either"
import * as Onnx from "onnxruntime-node"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { readSafetensors } from "../../src/adapters/tensor/safetensors.ts"
import { cli, errorsIn, lastJson, type Ran } from "./_cli.ts"
import { writeImages } from "./_images.ts"

const folder = mkdtempSync(join(tmpdir(), "na-nas-evaluate-"))
const data = join(folder, "data.safetensors")
writeImages(data, { train: 24, test: 7 })
const CELL = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|"
const made = ["--dataset", "tensor-file", "--data", data]

/** Flags of a small training; those given go before. */
function flags(given: Readonly<Record<string, string>> = {}): ReadonlyArray<string> {
  const all = { "batch-size": "4", channels: "2", cells: "1", epochs: "2", crop: "0", architecture: CELL, ...given }
  return [...made, ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])]
}
const small = flags()

/** A result without what differs from process to process. */
function lasting({ seconds: _, run: __, weights: ___, ...rest }: Record<string, unknown>) {
  return rest
}

/** The export that a training tells as the next command writes a file that has the reported accuracy, from pixels as they are. */
async function assertExports({ stderr, stdout }: Ran): Promise<void> {
  const [, , next] = stderr.match(/^next: (npx tsx bin\/export.ts (.+))$/m) ?? []
  assert.ok(next !== undefined, stderr)
  assert.match(stderr, /^ {2}normalization {2}pixels from 0 to 1, mean [\d.,]+, deviation [\d.,]+$/m)
  const words = next!.match(/'[^']*'|"[^"]*"|\S+/g)!.map((word) => word.replace(/^['"]|['"]$/g, ""))
  const out = join(folder, "network.onnx")
  const exported = await cli("export", "--force", ...words.map((word) => (word === "network.onnx" ? out : word)))
  assert.is(exported.status, 0, exported.stderr)
  const { tensors } = Either.getOrThrow(readSafetensors(data, readFileSync(data)))
  const [x, y] = [tensors.get("test/x")!, tensors.get("test/y")!]
  const pixels = Float32Array.from(x.data, (value) => (x.data instanceof Uint8Array ? value / 255 : value))
  const session = await Onnx.InferenceSession.create(out)
  const { logits } = await session.run({ image: new Onnx.Tensor("float32", pixels, [...x.shape]) })
  await session.release()
  const [rows, classes] = logits!.dims as [number, number]
  const right = Array.from({ length: rows }, (_, i) => {
    const row = Array.from(logits!.data as Float32Array).slice(classes * i, classes * (i + 1))
    return row.indexOf(Math.max(...row)) === y.data[i]
  }).filter(Boolean).length
  const { test } = JSON.parse(stdout.trim().split("\n").at(-1)!) as { test: { accuracy: number } }
  assert.is(right / rows, test.accuracy)
}

const test = suite("evaluate")
test.after(() => rmSync(folder, { recursive: true, force: true }))

test("ends with one JSON object: the test score, the network's size, every epoch, the whole protocol", async () => {
  const result = lastJson(await cli("evaluate", ...small, "--json", "--validation", "0.25", "--threads", "1"))
  assert.is(result.version, 1)
  assert.is((result.test as { images: number }).images, 7)
  assert.is((result.epochs as ReadonlyArray<unknown>).length, 2)
  const { batchSize, optimizer } = result.protocol as { batchSize: number; optimizer: unknown }
  assert.equal([batchSize, optimizer], [4, { _tag: "Sgd", momentum: 0.9, nesterov: true, weightDecay: 5e-4 }])
  const { seed, threads, backend, protocol } = result.settings as Record<string, unknown>
  assert.equal([seed, threads, backend, protocol], ["0", 1, "onnx", "nas-bench-201"])
  const { mean, std } = result.normalization as { mean: ReadonlyArray<number>; std: ReadonlyArray<number> }
  assert.ok(Math.abs(mean[0]! - 0.5) < 0.1 && Math.abs(std[0]! - 0.29) < 0.1, `${mean} ${std}`)
})

test("a kept run is told again, saves its weights for export, and refuses other settings", async () => {
  const run = join(folder, "run")
  const first = lastJson(await cli("evaluate", ...small, "--run", run, "--json"))
  const again = await cli("evaluate", "--run", run, "--json", "--save-weights")
  assert.equal(lasting(lastJson(again)), lasting(first))
  await assertExports(again)
  const other = await cli("evaluate", ...small, "--seed", "1", "--run", run)
  assert.is(other.status, 1)
  assert.match(other.stderr, "it was begun with another --seed")
  const search = await cli("search", "--run", run)
  assert.is(search.status, 1)
  assert.match(search.stderr, /run.json is not that of a search by gradients: .*; restore it, or use another folder/)
  assert.ok(readdirSync(run).includes("events.out.tfevents.na-nas"))
})

test("an interrupted run says how to go on, refuses a second process, and ends with the same bits", async () => {
  const run = join(folder, "interrupted")
  const long = flags({ epochs: "60" })
  const whole = lastJson(await cli("evaluate", ...long, "--json"))
  const child = spawn(process.execPath, ["--import", "tsx", "bin/evaluate.ts", ...long, "--run", run])
  let told = ""
  child.stderr.on("data", (text) => (told += String(text)))
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve))
  while (!existsSync(run) || !readdirSync(run).some((name) => name.startsWith("checkpoint")))
    await new Promise((resolve) => setTimeout(resolve, 5))
  const second = await cli("evaluate", ...long, "--run", run)
  child.kill("SIGINT")
  const code = await ended
  if (code !== 0) {
    assert.is(code, 130, told)
    assert.match(told, /interrupted in epoch \d+, after step \d+; the same command continues there/)
  }
  if (second.status !== 0) assert.match(second.stderr, "another process is using it")
  assert.equal(lasting(lastJson(await cli("evaluate", ...long, "--run", run, "--json"))), lasting(whole))
})

/** One line that says what is wrong and what cures it, exit code 1. */
function assertError(ran: Ran, text: string | RegExp): void {
  assert.is(ran.status, 1, ran.stderr)
  assert.is(errorsIn(ran), 1, ran.stderr)
  assert.match(ran.stderr, text)
}
const quick = [...small, "--backend", "reference"]

test("a network of one's own cells is trained and exported", async () => {
  const space = join(folder, "space.json")
  const edge = { from: 0, to: 1, operations: ["skip_connect", "sep_conv_3x3"] }
  writeFileSync(space, JSON.stringify({ name: "mine", cells: [{ name: "cell", inputs: 1, nodes: 1, edges: [edge] }] }))
  const own = flags({ architecture: "|sep_conv_3x3~0|", space, epochs: "1", run: join(folder, "own") })
  await assertExports(await cli("evaluate", ...own, "--save-weights", "--json"))
})

test("a NaN loss: a kept run goes on with a lower learning rate or a clip, and with nothing else", async () => {
  const run = join(folder, "diverged")
  assertError(
    await cli("evaluate", ...quick, "--learning-rate", "1e30", "--run", run),
    "goes on with them from its last"
  )
  assertError(await cli("evaluate", ...quick, "--learning-rate", "0.01", "--seed", "1", "--run", run), "another --seed")
  const cured = await cli("evaluate", "--run", run, "--learning-rate", "0.01", "--clip", "1", "--json")
  assert.is(cured.status, 0, cured.stderr)
  const { learningRate, clip } = lastJson(cured).settings as Readonly<Record<string, unknown>>
  assert.equal([learningRate, clip], [0.01, 1])
  assertError(await cli("evaluate", "--run", run, "--clip", "2"), "it was begun with another --clip")
})

test("a full disk, and a folder that does not fit: the line names the cure", async () => {
  const full = join(folder, "full")
  mkdirSync(full)
  symlinkSync("/dev/full", join(full, "checkpoint-00000001.safetensors.draft"))
  const room = "the disk is full; free some space and run the same command again"
  assertError(await cli("evaluate", ...quick, "--run", full), room)
  symlinkSync("/dev/full", join(full, "weights.safetensors.draft"))
  assertError(await cli("evaluate", ...quick, "--run", full, "--save-weights"), room)
  assert.is((await cli("evaluate", "--run", full, "--save-weights")).status, 0)
  for (const name of readdirSync(full).filter((file) => file.startsWith("checkpoint-")))
    writeFileSync(join(full, name), "damaged")
  assertError(await cli("evaluate", "--run", full), /are damaged; restore one of them/)
  rmSync(join(full, "run.json"))
  assertError(await cli("evaluate", ...quick, "--run", full), "no run.json; restore it, or use another")
  const samples = join(folder, "samples")
  mkdirSync(samples)
  writeFileSync(join(samples, "run.sqlite"), "")
  assertError(await cli("evaluate", ...quick, "--run", samples), "it contains a search by samples; use another folder")
})

for (const [name, args, code, text] of [
  ["no architecture", ["--dataset", "mnist"], 2, "add --architecture"],
  ["no settings at all", [], 2, "add --architecture"],
  ["a word that is none", flags({ protocol: "imagenet" }), 2, "--protocol: expected"],
  ["a number out of range", flags({ "drop-path": "1.5" }), 2, "--drop-path: expected"],
  ["weights without a folder", [...small, "--save-weights"], 2, "--save-weights needs a folder: add --run"],
  [
    "a factor of a cosine",
    flags({ "learning-rate-factor": "0.9" }),
    2,
    "--learning-rate-factor: is no setting of this"
  ],
  ["a place of digits", ["--architecture", CELL, "--data", "somewhere"], 2, "--data: mnist comes with the program"],
  [
    "a NaN loss",
    [...small, "--backend", "onnx", "--learning-rate", "1e30", "--clip", "0"],
    1,
    "give a lower --learning-rate (it was 1e+30) or a smaller --clip (there was none): a run that is kept goes on"
  ]
] as const) {
  test(`${name} is one line of error that helps`, async () => {
    const ran = await cli("evaluate", ...args)
    assert.is(ran.status, code, ran.stderr)
    assert.match(ran.stderr, text)
    assert.is(errorsIn(ran), 1, ran.stderr)
  })
}

test.run()
