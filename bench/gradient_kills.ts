/**
 * Kill a short search by gradients with SIGKILL at random moments, continue it, and compare its result, to the last bit, with the search that nobody
 * killed.
 *
 *     npx tsx bench/gradient_kills.ts [--kills 50] [--backend onnx]
 *
 * Exits 1 where a result differs from that of the search that nobody killed.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { type WritableTensor, writeSafetensors } from "../src/adapters/tensor/safetensors.ts"
import { integerAt, keyOf } from "../src/domain/random.ts"
import { killAndCompare } from "./_kills.ts"

const { values } = parseArgs({
  options: { kills: { type: "string", default: "50" }, backend: { type: "string", default: "onnx" } }
})
const root = mkdtempSync(join(tmpdir(), "na-nas-images-"))

/** Noise in three classes: a file that is read at once, so that most of a run's time is its search's. */
const images = join(root, "images.safetensors")
const noise = keyOf("gradient kills/images")
const tensors = new Map<string, WritableTensor>([
  ["train/x", { shape: [24, 1, 8, 8], data: Uint8Array.from({ length: 1536 }, (_, i) => integerAt(noise, i, 256)) }],
  ["train/y", { shape: [24], data: Uint8Array.from({ length: 24 }, (_, i) => i % 3) }]
])
writeFileSync(images, writeSafetensors(tensors))

const data = ["--dataset", "tensor-file", "--data", images, "--batch-size", "4", "--channels", "2", "--crop", "1"]
const method = ["--algorithm", "na-darts", "--neighbors", "1", "--epochs", "10", "--backend", values.backend]
await killAndCompare("gradient kills", Number(values.kills), {
  command: (folder) => ["--import", "tsx", "bin/search.ts", ...data, ...method, "--run", folder, "--json"],
  passing: ["seconds", "inputWait", "run"]
})
rmSync(root, { recursive: true, force: true })
