/**
 * Kills runs with SIGKILL at random moments, continues them by the same command, and compares what
 * they end with, to the last bit.
 *
 *     npx tsx bench/kills.ts --what table|gradient|trained|supernet|evaluate [--kills 50] [--samples 6000] [--backend onnx]
 *
 * `table`: searches over a table (`rs`, `evolution`, `local-search`, over neighborhoods;
 * `--samples` proposals); `gradient`: NA-DARTS; `trained`: NA-RS and successive halving that train
 * their candidates; `supernet`: NA-RS with shared weights; `evaluate`: a training from scratch, its
 * weights too. Counts different results, and records of a journal that were there after one kill
 * and gone or changed after a later one; an evaluation made twice is refused by the run's table, so
 * the command would fail. Exits 1 unless all are 0.
 */
import { createHash } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type WritableTensor, writeSafetensors } from "../src/adapters/tensor/safetensors.ts"
import { WEIGHTS_FILE } from "../src/adapters/training/weights.ts"
import { BACKEND_NAMES } from "../src/domain/data/names.ts"
import { integerAt, keyOf } from "../src/domain/random.ts"
import { choice, scriptFlags, whole } from "./_flags.ts"
import { type Killable, killAndCompare } from "./_kills.ts"

const values = scriptFlags({
  what: choice(["table", "gradient", "trained", "supernet", "evaluate"], "table"),
  kills: whole(50),
  samples: whole(6000),
  backend: choice(BACKEND_NAMES, "onnx")
})
const root = mkdtempSync(join(tmpdir(), "na-nas-images-"))

/**
 * Noise in three classes: a file that is read at once, so that most of a run's time is its
 * search's.
 */
function noise(count: number): ReadonlyArray<string> {
  const key = keyOf("kills/images")
  const x = Uint8Array.from({ length: count * 64 }, (_, i) => integerAt(key, i, 256))
  const tensors = new Map<string, WritableTensor>([
    ["train/x", { shape: [count, 1, 8, 8], data: x }],
    ["train/y", { shape: [count], data: Uint8Array.from({ length: count }, (_, i) => i % 3) }]
  ])
  const file = join(root, "images.safetensors")
  writeFileSync(file, writeSafetensors(tensors))
  return ["--dataset", "tensor-file", "--data", file]
}

/** A command of `bin/` with its arguments for a folder. */
const node = (command: "search" | "evaluate", args: ReadonlyArray<string>, folder: string) => [
  "--import",
  "tsx",
  `bin/${command}.ts`,
  ...args,
  "--run",
  folder,
  "--json"
]

const search = (name: string, args: ReadonlyArray<string>, ...passing: ReadonlyArray<string>): Killable => ({
  name,
  command: (folder) => node("search", args, folder),
  passing: ["seconds", "run", ...passing]
})

/** A search by training, with a cache of its own beside its run. */
const trained = (name: string, args: ReadonlyArray<string>): Killable => ({
  name,
  command: (folder) => node("search", [...args, "--cache", join(folder, "trainings")], folder),
  passing: ["seconds", "run", "cache", "simulatedSeconds"]
})

const SUBJECTS: Readonly<Record<typeof values.what, () => ReadonlyArray<Killable>>> = {
  table: () =>
    ["na-rs", "evolution", "local-search"].map((algorithm) => {
      const objective = algorithm === "na-rs" ? [] : ["--objective", "neighborhood"]
      return search(algorithm, [algorithm, ...objective, "--samples", String(values.samples)])
    }),
  gradient: () => {
    const data = [...noise(24), "--batch-size", "4", "--channels", "2", "--crop", "1"]
    const method = ["na-darts", "--neighbors", "1", "--epochs", "10", "--backend", values.backend]
    return [search("na-darts", [...method, ...data], "inputWait")]
  },
  trained: () => {
    const data = [...noise(48), "--batch-size", "4", "--channels", "2", "--cells", "1", "--crop", "0"]
    const common = [...data, "--epochs", "4", "--backend", values.backend]
    return [
      trained("na-rs", ["na-rs", "--evaluator", "train", ...common, "--neighbors", "1", "--samples", "3"]),
      trained("halving", ["halving", ...common, "--samples", "4", "--eta", "2"])
    ]
  },
  supernet: () => {
    const data = [...noise(96), "--batch-size", "4", "--channels", "2", "--backend", values.backend]
    const scored = ["na-rs", "--neighbors", "4", "--samples", "20", "--epochs", "20"]
    return [search("na-rs", [...scored, "--evaluator", "supernet", ...data])]
  },
  evaluate: () => {
    const data = ["--images", "240", "--validation", "0.2", "--image-size", "12", "--crop", "1", "--cutout", "4"]
    const network = ["--architecture", "DARTS_V2", "--channels", "2", "--cells", "3", "--auxiliary-weight", "0"]
    const training = ["--batch-size", "16", "--epochs", "12", "--backend", values.backend, "--save-weights"]
    const weightsOf = (folder: string) => readFileSync(join(folder, WEIGHTS_FILE))
    return [
      {
        name: "evaluate",
        command: (folder) => node("evaluate", [...network, ...data, ...training], folder),
        passing: ["seconds", "run", "weights"],
        bits: (folder) => createHash("sha256").update(weightsOf(folder)).digest("hex")
      }
    ]
  }
}

await killAndCompare(`kills/${values.what}`, values.kills, SUBJECTS[values.what]())
rmSync(root, { recursive: true, force: true })
