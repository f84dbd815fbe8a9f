/**
 * How long the parts of a search over NAS-Bench-201 take: whole commands as a user runs them, and
 * the objective alone.
 *
 *     npm run bench [-- --runs 7] [--json]
 *
 * Medians of whole processes, run one after the other. Without the benchmark's table the made-up
 * one stands in.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { cpus, totalmem } from "node:os"
import { scriptFlags, toggle, whole } from "./_flags.ts"
import { median } from "./_rounds.ts"

const flags = scriptFlags({ runs: whole(5), json: toggle })
const TABLE = "../shared/data/nb201.csv.gz"
const search = existsSync(TABLE) ? ["--table", TABLE, "--score", "val200_c10", "--report", "test200_c10"] : []

/** Runs in a process of its own, so that nothing is compiled yet: prints milliseconds by name. */
const INSIDE = `
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { readTable } from "./src/adapters/table/file.ts"
import { sweep } from "./src/domain/objective/landscape.ts"
import * as N from "./mod.ts"
const space = N.builtinSpace("nas-bench-201")
const lap = async (run) => { const begun = performance.now(); const value = await run(); return [performance.now() - begun, value] }
const [load, table] = await lap(() => ${
  search.length > 0
    ? `Effect.runPromise(Effect.provide(readTable(space, ${JSON.stringify(TABLE)}), NodeContext.layer))`
    : `Either.getOrThrow(N.makeTable(space, N.syntheticTable(space, "0"), "code"))`
})
const losses = Either.getOrThrow(table.column(${JSON.stringify(search[3] ?? "validation")})).map((score) => -score)
const ball = N.makeBall(space)
const sweeps = []
for (let i = 0; i < 20; i++) sweeps.push((await lap(() => sweep(ball, { _tag: "Mean" }, losses, { center: true })))[0])
console.log(JSON.stringify({ load, first: sweeps[0], warm: sweeps.slice(5).sort((a, b) => a - b)[7] }))
`

function timed(args: ReadonlyArray<string>): { readonly ms: number; readonly stdout: string } {
  const begun = performance.now()
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--import", "tsx", ...args], { encoding: "utf8" })
  if (status !== 0) throw new Error(stderr)
  return { ms: performance.now() - begun, stdout }
}

const runs = Array.from({ length: flags.runs }, (_, i) => i)
const repeated = [
  "bin/search.ts",
  "na-rs",
  ...search,
  "--samples",
  "100",
  "--neighbors",
  "24",
  "--repeat",
  "1000",
  "--json"
]
timed(["bin/search.ts", "--help"])
const inside = runs.map(
  () =>
    JSON.parse(timed(["--input-type=module", "--eval", INSIDE]).stdout) as { load: number; first: number; warm: number }
)
const repeats = runs.map(() => timed(repeated))
const seconds = repeats.map(({ stdout }) => 1000 * (JSON.parse(stdout) as { seconds: number }).seconds)
const rows: ReadonlyArray<readonly [string, number, number | undefined]> = [
  ["bin/search.ts --help, whole process", median(runs.map(() => timed(["bin/search.ts", "--help"]).ms)), 700],
  ["load of the gzip table", median(inside.map((one) => one.load)), 300],
  ["mean over own and 24 neighbors of all 15,625", median(inside.map((one) => one.warm)), 5],
  ["the same, first call of a process, not compiled yet", median(inside.map((one) => one.first)), undefined],
  ["NA-RS 100 samples, 24 neighbors, 1,000 seeds, with load", median(seconds), 2000],
  ["the same, whole process", median(repeats.map(({ ms }) => ms)), undefined]
]

const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`
if (flags.json) {
  console.log(
    JSON.stringify({ machine, rows: rows.map(([name, ms, target]) => ({ name, ms, target: target ?? null })) })
  )
} else {
  console.log(machine)
  for (const [name, ms, target] of rows) {
    console.log(`${ms.toFixed(1).padStart(8)} ms  ${name}${target === undefined ? "" : ` (target ${target} ms)`}`)
  }
}
