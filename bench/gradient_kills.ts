/**
 * Kills a search by gradients with SIGKILL at random moments, continues it, and compares what it ends with, to the last bit.
 *
 *     npx tsx bench/gradient_kills.ts [--kills 50] [--backend onnx]
 *
 * Exits 1 where a result differs from that of the search that nobody killed.
 */
import { parseArgs } from "node:util"
import { killAndCompare } from "./_kills.ts"

const { values } = parseArgs({
  options: { kills: { type: "string", default: "50" }, backend: { type: "string", default: "onnx" } }
})
const data = ["--dataset", "mnist", "--images", "96", "--image-size", "8", "--batch-size", "16", "--channels", "2"]
const method = ["--algorithm", "na-darts", "--neighbors", "1", "--epochs", "6", "--backend", values.backend]

await killAndCompare("gradient kills", Number(values.kills), {
  command: (folder) => ["--import", "tsx", "bin/search.ts", ...data, ...method, "--run", folder, "--json"],
  passing: ["seconds", "run"]
})
