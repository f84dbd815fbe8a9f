/**
 * Writes files as the commands do, and has them read by the programs that others read them with:
 * onnx and ONNX Runtime, PyTorch, safetensors and TensorBoard for Python, sqlite3 while a run goes
 * on.
 *
 *     npx tsx scripts/check_written.ts [--python PROGRAM] [--install]
 *
 * `--python` names a Python that has the packages; without it, one of an own environment in the
 * cache folder, else `python3`. `--install` makes that environment where it is missing, for at most
 * three minutes a package. A check whose package is missing is left out with a line. Exits 1 where
 * a check fails, 3 where there is no Python.
 */
import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { scriptFlags, text, toggle } from "../bench/_flags.ts"
import * as TensorBoard from "../src/adapters/curves/tensorboard.ts"
import { RUN_FILE } from "../src/adapters/run_store/sqlite.ts"
import type { CurvePoint } from "../src/domain/training/curve_point.ts"
import { Curves } from "../src/effects/ports/curves.ts"
import {
  expectedOutputs,
  exported,
  NETWORKS,
  networkOf,
  OWN_NETWORKS,
  weightsFile
} from "../test/adapters/export/_networks.ts"

const PACKAGES = ["numpy", "onnx", "onnxruntime", "safetensors", "tensorboard", "torch"]
const INSTALL_SECONDS = 180
const RUN_SECONDS = 120
const flags = scriptFlags({ python: text(undefined), install: toggle })
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "na-nas", "python")

/**
 * The Python of the environment in the cache, made where that is asked for; else the one of this
 * machine, if there is one.
 */
function findPython(): string | undefined {
  const own = join(cache, "bin", "python")
  const works = (program: string, ...args: ReadonlyArray<string>) =>
    spawnSync(program, args, { stdio: "ignore", timeout: 1000 * INSTALL_SECONDS }).status === 0
  if (!works("python3", "--version")) return undefined
  if (flags.install && !existsSync(own)) {
    mkdirSync(cache, { recursive: true })
    works("python3", "-m", "venv", "--system-site-packages", cache)
  }
  if (!existsSync(own)) return "python3"
  if (flags.install)
    for (const name of PACKAGES)
      if (!works(own, "-c", `import ${name}`)) works(own, "-m", "pip", "install", "--quiet", name)
  return own
}

/** What one of the networks normalizes its images with itself. */
const [MEAN, STD] = [
  [0.5, 0.25, 0.125],
  [0.5, 0.25, 2]
]

/**
 * Every network of the tests of exports in both formats, and one that normalizes its images, with
 * images and the interpreter's outputs.
 */
async function writeNetworks(folder: string) {
  const own = OWN_NETWORKS.map(([definition, request]) => {
    const space = join(folder, `${definition.name}.json`)
    writeFileSync(space, JSON.stringify(definition))
    return [definition.name, { ...request, space }] as const
  })
  const written: Array<object> = []
  const [, first] = NETWORKS[0]!
  const told = { mean: MEAN.join(), std: STD.join(), normalize: true }
  const all = [...NETWORKS, ...own, ["one that normalizes its images", { ...first, ...told }] as const]
  for (const [i, [name, request]] of all.entries()) {
    const [onnx, module] = [join(folder, `${i}.onnx`), join(folder, `${i}.py`)]
    const weights = await weightsFile(folder, request)
    await exported({ ...request, out: onnx, weights })
    const { state } = await exported({ ...request, format: "torch", out: module, weights })
    const { network, image } = await networkOf(request)
    const [, channels, height, width] = image.shape as [number, number, number, number]
    const channel = (at: number) => Math.floor(at / (height * width)) % channels
    const pixels = Array.from(image.data, (value, at) =>
      "normalize" in request ? value * STD[channel(at)]! + MEAN[channel(at)]! : value
    )
    const tensors = [...network.parameters, ...network.buffers].flatMap(([tensor, shape]) => [
      [tensor, shape] as const,
      ...(tensor.endsWith("running_mean") ? [[tensor.replace("running_mean", "num_batches_tracked"), []] as const] : [])
    ])
    const outputs = [...(await expectedOutputs(request))].map(([output, values]) => [output, Array.from(values)])
    written.push({
      ...{ name, onnx, module, state: state!.file, tensors: Object.fromEntries(tensors) },
      ...{ shape: image.shape, image: pixels, outputs: Object.fromEntries(outputs) }
    })
  }
  return written
}

/** Curves that grow by a point, as those of a run do, with values of 0 among them. */
async function writeCurves(folder: string) {
  const points: ReadonlyArray<CurvePoint> = [0, 0.5, 1].map((drop, i) => ({
    step: i + 1,
    values: { "loss/training": 2 - drop, drop_path: drop, skip: 0 }
  }))
  for (const count of [1, 2, 3]) {
    const show = Effect.flatMap(Curves, (curves) => curves.show(points.slice(0, count)))
    await Effect.runPromise(Effect.provide(show, TensorBoard.layer(folder)))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const curve = (tag: string) => points.map(({ step, values }) => [step, values[tag]!])
  const tags = Object.keys(points[0]!.values)
  return [{ folder, points: Object.fromEntries(tags.map((tag) => [tag, curve(tag)])) }]
}

/** Has Python check what a manifest names; gives whether all is right. */
async function check(python: string, file: string, manifest: object): Promise<boolean> {
  writeFileSync(file, JSON.stringify(manifest))
  const child = spawn(python, ["scripts/check_written.py", file], { stdio: ["ignore", "inherit", "inherit"] })
  return (await new Promise((resolve) => child.on("exit", resolve))) === 0
}

/** A search over a table, whose database is read until it ends. */
async function checkRun(python: string, root: string): Promise<boolean> {
  const [folder, ended] = [join(root, "run"), join(root, "ended")]
  const settings = ["na-rs", "--neighbors", "8", "--samples", "4000"]
  const args = ["--import", "tsx", "bin/search.ts", ...settings, "--run", folder, "--json"]
  const run = spawn(process.execPath, args, { stdio: "ignore" })
  const exit = new Promise<void>((resolve) =>
    run.on("exit", (code) => {
      writeFileSync(ended, String(code))
      resolve()
    })
  )
  const file = join(folder, RUN_FILE)
  const right = await check(python, join(root, "run.json"), { run: { file, ended, seconds: RUN_SECONDS } })
  run.kill("SIGKILL")
  await exit
  return right
}

const python = flags.python ?? findPython()
if (python === undefined) {
  console.log("left out: there is no python3")
  process.exit(3)
}
const root = mkdtempSync(join(tmpdir(), "na-nas-written-"))
try {
  const networks = await writeNetworks(root)
  const curves = await writeCurves(join(root, "curves"))
  const files = await check(python, join(root, "files.json"), { networks, curves })
  const run = await checkRun(python, root)
  process.exitCode = files && run ? 0 : 1
} finally {
  rmSync(root, { recursive: true, force: true })
}
