/**
 * Kills a training from scratch with SIGKILL at random moments, continues it, and compares what it ends with, its weights too, to the last bit.
 *
 *     npx tsx bench/evaluate_kills.ts [--kills 20] [--backend onnx]
 *
 * Exits 1 where a result differs from that of the training that nobody killed.
 */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { WEIGHTS_FILE } from "../src/adapters/training/weights.ts"
import { killAndCompare } from "./_kills.ts"

const { values } = parseArgs({
  options: { kills: { type: "string", default: "20" }, backend: { type: "string", default: "onnx" } }
})
const data = ["--images", "240", "--validation", "0.2", "--image-size", "12", "--crop", "1", "--cutout", "4"]
const network = ["--architecture", "DARTS_V2", "--channels", "2", "--cells", "3", "--auxiliary-weight", "0"]
const training = ["--batch-size", "16", "--epochs", "12", "--backend", values.backend, "--save-weights"]

await killAndCompare("evaluate kills", Number(values.kills), {
  command: (folder) => [
    "--import",
    "tsx",
    "bin/evaluate.ts",
    ...network,
    ...data,
    ...training,
    "--run",
    folder,
    "--json"
  ],
  passing: ["seconds", "run", "weights"],
  bits: (folder) =>
    createHash("sha256")
      .update(readFileSync(join(folder, WEIGHTS_FILE)))
      .digest("hex")
})
