/**
 * The whole way on handwritten digits: search, train from scratch, export, and classify the test
 * images with the exported file in plain ONNX Runtime.
 *
 *     npx tsx bench/chain.ts [--space darts] [--search-images 960] [--search-epochs 2] [--images 8000] [--epochs 4] [--batch-size 32] [--channels 4]
 *         [--cells 3] [--image-size 12] [--json]
 *
 * Each command is typed as a user types it; the export is the command that the training names.
 * Exits 1 where the file's accuracy is not the reported one.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Runtime from "onnxruntime-node"
import { openMnist } from "../src/adapters/datasets/mnist.ts"
import { makeBatch } from "../src/domain/data/batch.ts"
import { SPACE_NAMES } from "../src/domain/space/spaces.ts"
import { choice, scriptFlags, toggle, whole } from "./_flags.ts"

const flags = scriptFlags({
  space: choice(SPACE_NAMES, "darts"),
  "image-size": whole(12),
  "batch-size": whole(32),
  channels: whole(4),
  cells: whole(3),
  "search-images": whole(960),
  "search-epochs": whole(2),
  images: whole(8000),
  epochs: whole(4),
  json: toggle
})
/** Images per run of the exported file. */
const BATCH = 100
const folder = mkdtempSync(join(tmpdir(), "na-nas-chain-"))

function command(name: string, ...args: ReadonlyArray<string>): { readonly json: string; readonly log: string } {
  const ran = spawnSync(process.execPath, ["--import", "tsx", `bin/${name}.ts`, ...args], { encoding: "utf8" })
  if (ran.status !== 0) throw new Error(`${name} ended with ${ran.status}: ${ran.stderr}`)
  return { json: ran.stdout.trim().split("\n").at(-1)!, log: ran.stderr }
}

/** The words of a command line, without their quotes. */
function wordsOf(line: string): ReadonlyArray<string> {
  return line.match(/'[^']*'|"[^"]*"|\S+/g)!.map((word) => word.replace(/^(['"])(.*)\1$/, "$2"))
}

/** Share of the test images whose largest logit is at their label. */
async function accuracyOf(file: string): Promise<number> {
  const session = await Runtime.InferenceSession.create(file)
  const { test } = await Effect.runPromise(Effect.provide(openMnist(), NodeContext.layer))
  const size = flags["image-size"]
  let correct = 0
  for (let start = 0; start < test.size; start += BATCH) {
    const indices = Array.from({ length: BATCH }, (_, i) => start + i)
    const samples = await Effect.runPromise(test.read(indices))
    const { x, shape } = makeBatch(samples, indices, {
      classes: 10,
      augmentation: [{ _tag: "Resize", height: size, width: size }]
    })
    const { logits } = await session.run({ image: new Runtime.Tensor("float32", x, [...shape]) })
    const rows = logits!.data as Float32Array
    for (const [i, label] of samples.labels.entries()) {
      const row = Array.from(rows.subarray(10 * i, 10 * i + 10))
      if (row.indexOf(Math.max(...row)) === label) correct += 1
    }
  }
  await session.release()
  return correct / test.size
}

const sizes = ["image-size", "batch-size", "channels", "cells"] as const
const common = ["--dataset", "mnist", ...sizes.flatMap((name) => [`--${name}`, `${flags[name]}`])]
const began = performance.now()
const tell = (text: string) =>
  console.error(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`)
try {
  const method = ["na-darts", "--neighbors", "1", "--representation", "hard"]
  const steps = ["--alpha-learning-rate", "0.02", "--read-none", "no", "--neighbor-none", "no"]
  const amount = ["--images", `${flags["search-images"]}`, "--epochs", `${flags["search-epochs"]}`]
  const found = command("search", ...method, ...steps, "--space", flags.space, ...common, ...amount, "--json")
  const { architecture } = JSON.parse(found.json) as { architecture: string }
  tell(`found ${architecture}`)
  const named = ["--architecture", architecture, "--space", flags.space, "--run", join(folder, "run")]
  const plain = ["--auxiliary-weight", "0", "--drop-path", "0", "--cutout", "0", "--flip", "no", "--crop", "1"]
  const training = ["--learning-rate", "0.1", "--images", `${flags.images}`, "--epochs", `${flags.epochs}`]
  const trained = command("evaluate", ...named, ...common, ...plain, ...training, "--save-weights", "--json")
  const { test } = JSON.parse(trained.json) as { test: { accuracy: number; images: number } }
  tell(`trained: ${(100 * test.accuracy).toFixed(2)} % of ${test.images} test images`)
  const next = /^next: npx tsx bin\/export\.ts (.*)$/m.exec(trained.log)![1]!
  const file = join(folder, "network.onnx")
  const asked = wordsOf(next).map((word) => (word === "network.onnx" ? file : word))
  command("export", ...asked)
  const accuracy = await accuracyOf(file)
  tell(`exported: ${(100 * accuracy).toFixed(2)} % in plain ONNX Runtime`)
  const result = { architecture, reported: test.accuracy, exported: accuracy }
  console.log(flags.json ? JSON.stringify(result) : accuracy === test.accuracy ? "equal" : "different")
  process.exitCode = accuracy === test.accuracy ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
