/**
 * Kills a journaled search with SIGKILL at random moments, continues it, and compares what it ends with.
 *
 *     npx tsx bench/kills.ts --kills 200
 *
 * Counts different results, records that were there after one kill and gone or changed after a later one, and evaluations
 * made twice (the run's table refuses those, so the command would fail). Exits 1 unless all are 0.
 */
import { spawn, spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import Database from "libsql"
import { integerAt, keyOf } from "../src/domain/random.ts"

const { values } = parseArgs({
  options: { kills: { type: "string", default: "200" }, samples: { type: "string", default: "6000" } }
})
const kills = Number(values.kills)
const ALGORITHMS = ["na-rs", "evolution", "local-search"] as const
const KILLS_PER_RUN = 4
const root = mkdtempSync(join(tmpdir(), "na-nas-kills-"))

function command(algorithm: string, folder: string): ReadonlyArray<string> {
  const search = [
    "--algorithm",
    algorithm,
    "--objective",
    "neighborhood",
    "--samples",
    values.samples,
    "--run",
    folder,
    "--json"
  ]
  return ["--import", "tsx", "bin/search.ts", ...search]
}

/** What a search ended with, without what differs from run to run. */
function finish(algorithm: string, folder: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, command(algorithm, folder), { encoding: "utf8" })
  if (status !== 0) return `exit ${status}: ${stderr}`
  const { seconds: _, run: __, ...result } = JSON.parse(stdout.trim().split("\n").at(-1)!)
  return JSON.stringify(result)
}

/** Every record of a run, by table and key; read from a copy, which leaves the run's lock alone. */
function records(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  if (!existsSync(join(folder, "run.sqlite"))) return found
  const copy = mkdtempSync(join(root, "copy-"))
  cpSync(folder, copy, { recursive: true })
  const database = new Database(join(copy, "run.sqlite"))
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as ReadonlyArray<{
    name: string
  }>
  for (const { name } of tables) {
    const rows = database.prepare(`SELECT * FROM ${name}`).all() as ReadonlyArray<Record<string, unknown>>
    for (const row of rows)
      found.set(`${name}/${row.architecture ?? row.repetition}/${row.sequence ?? ""}`, JSON.stringify(row))
  }
  database.close()
  rmSync(copy, { recursive: true, force: true })
  return found
}

async function killed(algorithm: string, folder: string, milliseconds: number): Promise<boolean> {
  const child = spawn(process.execPath, command(algorithm, folder), { stdio: "ignore" })
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("exit", (_code, signal) => resolve(signal)))
  const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds)
  const signal = await ended
  clearTimeout(timer)
  return signal === "SIGKILL"
}

const expected = new Map<string, string>()
const durations = new Map<string, number>()
for (const algorithm of ALGORITHMS) {
  finish(algorithm, join(root, `warm-${algorithm}`))
  const begun = performance.now()
  expected.set(algorithm, finish(algorithm, join(root, `whole-${algorithm}`)))
  durations.set(algorithm, performance.now() - begun)
}
console.log(
  `uninterrupted: ${ALGORITHMS.map((name) => `${name} ${(durations.get(name)! / 1000).toFixed(2)} s`).join(", ")}`
)

const key = keyOf("kills")
let done = 0
let runs = 0
let different = 0
let lost = 0
let interruptedWithRecords = 0
while (done < kills) {
  const algorithm = ALGORITHMS[runs % ALGORITHMS.length]!
  const folder = join(root, `run-${runs}`)
  let before: ReadonlyMap<string, string> = new Map()
  for (let i = 0; i < KILLS_PER_RUN && done < kills; i++) {
    const moment = 150 + integerAt(key, 10 * runs + i, durations.get(algorithm)! - 100)
    if (!(await killed(algorithm, folder, moment))) break
    done += 1
    const now = records(folder)
    if (now.size > 1) interruptedWithRecords += 1
    for (const [name, record] of before) if (now.get(name) !== record) lost += 1
    before = now
  }
  const result = finish(algorithm, folder)
  const after = records(folder)
  for (const [name, record] of before) if (after.get(name) !== record) lost += 1
  if (result !== expected.get(algorithm)) {
    different += 1
    console.log(`different: ${result}`)
  }
  rmSync(folder, { recursive: true, force: true })
  runs += 1
}
rmSync(root, { recursive: true, force: true })
console.log(
  `${done} kills in ${runs} runs (${interruptedWithRecords} left records behind): ${different} different results, ${lost} lost records`
)
process.exitCode = different + lost === 0 ? 0 : 1
