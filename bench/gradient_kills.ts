/**
 * Kills a search by gradients with SIGKILL at random moments, continues it, and compares what it ends with, to the last bit.
 *
 *     npx tsx bench/gradient_kills.ts [--kills 50] [--backend onnx]
 *
 * Exits 1 where a result differs from that of the search that nobody killed.
 */
import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { type WritableTensor, writeSafetensors } from "../src/adapters/tensor/safetensors.ts"
import { integerAt, keyOf } from "../src/domain/random.ts"

const { values } = parseArgs({
  options: { kills: { type: "string", default: "50" }, backend: { type: "string", default: "onnx" } }
})
const kills = Number(values.kills)
const KILLS_PER_RUN = 5
const root = mkdtempSync(join(tmpdir(), "na-nas-kills-"))

/** Noise in three classes: a file that is read at once, so that most of a run's time is its search's. */
const images = join(root, "images.safetensors")
const noise = keyOf("gradient kills/images")
const tensors = new Map<string, WritableTensor>([
  ["train/x", { shape: [24, 1, 8, 8], data: Uint8Array.from({ length: 1536 }, (_, i) => integerAt(noise, i, 256)) }],
  ["train/y", { shape: [24], data: Uint8Array.from({ length: 24 }, (_, i) => i % 3) }]
])
writeFileSync(images, writeSafetensors(tensors))

function command(folder: string): ReadonlyArray<string> {
  const data = ["--dataset", "tensor-file", "--data", images, "--batch-size", "4", "--channels", "2", "--crop", "1"]
  const method = ["--algorithm", "na-darts", "--neighbors", "1", "--epochs", "10", "--backend", values.backend]
  return ["--import", "tsx", "bin/search.ts", ...data, ...method, "--run", folder, "--json"]
}

/** What a search ended with, without what differs from process to process. */
function finish(folder: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, command(folder), { encoding: "utf8" })
  if (status !== 0) return `exit ${status}: ${stderr}`
  const { seconds: _, inputWait: __, run: ___, ...result } = JSON.parse(stdout.trim().split("\n").at(-1)!)
  return JSON.stringify(result)
}

async function killed(folder: string, milliseconds: number): Promise<boolean> {
  const child = spawn(process.execPath, command(folder), { stdio: "ignore" })
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("exit", (_code, signal) => resolve(signal)))
  const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds)
  const signal = await ended
  clearTimeout(timer)
  return signal === "SIGKILL"
}

finish(join(root, "warm"))
const begun = performance.now()
const expected = finish(join(root, "whole"))
const duration = performance.now() - begun
console.log(`uninterrupted: ${(duration / 1000).toFixed(1)} s`)
if (expected.startsWith("exit")) console.log(expected)
const key = keyOf("gradient kills")
let [done, runs, different] = [0, 0, expected.startsWith("exit") ? 1 : 0]
while (done < kills && different === 0) {
  const folder = join(root, `run-${runs}`)
  for (let i = 0; i < KILLS_PER_RUN && done < kills; i++) {
    const moment = 300 + integerAt(key, 100 * runs + i, Math.max(1, Math.floor(0.7 * duration)))
    if (!(await killed(folder, moment))) break
    done += 1
  }
  if (finish(folder) !== expected) different += 1
  rmSync(folder, { recursive: true, force: true })
  runs += 1
}
rmSync(root, { recursive: true, force: true })
const seconds = ((performance.now() - begun) / 1000).toFixed(0)
console.log(`${done} kills in ${runs} runs, ${seconds} s: ${different} different results`)
process.exitCode = different === 0 ? 0 : 1
