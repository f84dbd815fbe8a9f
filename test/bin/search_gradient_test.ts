import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { cli, cliAsync, lastJson } from "./_cli.ts"
import { writeImages } from "./_images.ts"

const folder = mkdtempSync(join(tmpdir(), "na-nas-gradient-"))
const data = join(folder, "data.safetensors")
writeImages(data, { train: 24, test: 6 })
const images = ["--dataset", "tensor-file", "--data", data]
const small = [...images, "--batch-size", "4", "--channels", "2", "--epochs", "2"]

const test = suite("search by gradients")
test.after(() => rmSync(folder, { recursive: true, force: true }))

test("ends with one JSON object that holds every epoch", async () => {
  const result = lastJson(await cli("search", "na-darts", ...small, "--neighbors", "1", "--json"))
  assert.match(String(result.architecture), /^\|.+~0\|\+/)
  assert.is((result.epochs as ReadonlyArray<unknown>).length, 2)
  assert.is(result.backend, "onnx")
  assert.ok(Number(result.inputWait) >= 0 && Number(result.inputWait) < 1)
  const { parameters, multiplyAdds } = result.network as Readonly<Record<string, number>>
  assert.ok(parameters! > 10_000 && multiplyAdds! > 100_000)
  const [evaluate, take] = result.next as ReadonlyArray<string>
  assert.match(evaluate!, `--architecture '${result.architecture}' --space nas-bench-201 --dataset tensor-file --data`)
  assert.match(take!, "bin/export.ts")
})

test("a kept run is told again, continues, and refuses other settings", async () => {
  const run = join(folder, "run")
  const first = lastJson(await cli("search", "darts", ...small, "--run", run, "--json"))
  assert.ok(readdirSync(run).some((name) => name.endsWith(".safetensors")))
  const { seconds: _, inputWait, ...again } = lastJson(await cli("search", "--run", run, "--json"))
  const { seconds: __, inputWait: ___, ...before } = first
  assert.is(inputWait, null)
  assert.equal(again, before)
  const other = await cli("search", "darts", ...small, "--seed", "1", "--run", run)
  assert.is(other.status, 1)
  assert.match(other.stderr, "--seed")
  const typed = await cli("search", "--seed", "1", "--run", run)
  assert.match(typed.stderr, /begun with another --seed; use/)
  const samples = await cli("search", "--run", run, "--constraint", "count(skip_connect)<=1")
  assert.is(samples.status, 2)
  assert.match(samples.stderr, /--constraint'; na-rs.*have it/)
})

test("the best backend that works is told with its reason, and recorded by its name", async () => {
  const run = join(folder, "auto")
  const ran = await cli("search", "darts", ...small, "--run", run, "--json")
  const { backend, settings } = lastJson(ran) as { backend: string; settings: { backend: string } }
  assert.is(settings.backend, backend)
  assert.match(ran.stderr, new RegExp(`^running on ${backend}: `, "m"))
  assert.is(JSON.parse(readFileSync(join(run, "run.json"), "utf8")).settings.backend, backend)
})

test("a run that continues keeps its backend, refuses another, and says when it works no more", async () => {
  const run = join(folder, "kept")
  const asked = ["darts", ...small, "--run", run] as const
  assert.is((await cli("search", ...asked, "--backend", "tfjs-cpu")).status, 0)
  const again = await cli("search", ...asked, "--json")
  assert.is(lastJson(again).backend, "tfjs-cpu")
  assert.not.match(again.stderr, "running on")
  assert.match((await cli("search", ...asked, "--backend", "onnx")).stderr, "--backend")
  const record = join(run, "run.json")
  writeFileSync(record, readFileSync(record, "utf8").replace(`"tfjs-cpu"`, `"onnx-cuda"`))
  const lost = await cliAsync({}, "search", ...asked).ended
  if (lost.status === 0) return
  assert.match(lost.stderr, /begun on onnx-cuda, which does not work here any more \(.*cure.*\); repair that/)
})

test("Ctrl-C ends the process with its worker, keeps the place, and says how to go on", async () => {
  const run = join(folder, "interrupted")
  const { child, ended } = cliAsync({}, "search", "darts", ...small.slice(0, -2), "--epochs", "10000", "--run", run)
  const hasCheckpoint = () => existsSync(run) && readdirSync(run).some((name) => /^checkpoint.*safetensors$/.test(name))
  while (!hasCheckpoint() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20))
  child.kill("SIGINT")
  const { status, stderr } = await ended
  assert.is(status, 130, stderr)
  assert.match(stderr, /interrupted in epoch \d+, after step \d+; the same command continues there\n$/)
})

for (const [name, args, code, text] of [
  ["a setting of other searches", ["darts", "--samples", "3"], 2, "--samples"],
  ["a setting of another method", ["darts", ...small, "--neighbors", "2"], 2, "neighbors"],
  [
    "epochs between eigenvalues that are not asked for",
    ["--eigenvalue-every", "2"],
    2,
    "--eigenvalue-every needs --eigenvalue"
  ],
  ["a flag of earlier versions", ["--none", "no"], 2, "--none is now --read-none and --neighbor-none"],
  ["a word that is none", ["na-darts", "--representation", "turn"], 2, "--representation"],
  ["a batch larger than the data", ["darts", ...images, "--batch-size", "64"], 2, "takes 64 images"],
  ["a switch that is none", ["--stop-rule", "maybe"], 2, "--stop-rule: expected yes or no"],
  [
    "a number of neighbors that is none",
    ["--neighbors", "few"],
    2,
    "--neighbors: expected a whole number from 0 on, or all"
  ],
  ["data that are missing", ["darts", "--dataset", "tensor-file"], 2, "--data"],
  ["more images than there are", ["darts", ...small, "--images", "99"], 2, "24 training images"]
] as const) {
  test(`${name} is one line of error that helps`, async () => {
    const ran = await cli("search", ...args)
    assert.is(ran.status, code, ran.stderr)
    assert.match(ran.stderr, text)
    assert.is(ran.stderr.trim().split("\n").length, 1, ran.stderr)
  })
}

test.run()
