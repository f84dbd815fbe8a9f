/**
 * Runs the test files, several at once: processes take the next file from one list, one process
 * more than there are processors, since some tests wait.
 *
 *     npx tsx scripts/run_tests.ts [PATTERN] [--processes 3] [--times]
 *
 * PATTERN: a regular expression for the paths of files, all of `test/` without one. `--times`: the
 * slowest files at the end. Ends with 1 where a test failed, a file held none, or a file of the
 * checkout was made, changed or removed meanwhile: tests write in temporary folders only, and their
 * cache is one.
 */
import { type ChildProcess, fork } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parse, type Suite } from "uvu/parse"
import { run } from "uvu/run"
import { rest, scriptFlags, toggle, whole } from "../bench/_flags.ts"
import { filesBelow, leftovers } from "./_leftovers.ts"

/** What a file's tests came to, and what they printed. */
interface Outcome {
  readonly name: string
  readonly output: string
  readonly total: number
  readonly passed: number
  readonly seconds: number
}

/** Files whose tests wait for other processes take longest, so they come first. */
const FIRST = /^(bin|docs_|elsewhere)/

const countOf = (output: string, label: string): number =>
  Number(output.match(new RegExp(`${label}:\\s+\\D*(\\d+)`))?.[1])

/** Runs one file after the other as the parent names them. */
function serve(send: (outcome: Outcome) => void): void {
  const write = process.stdout.write.bind(process.stdout)
  process.on("message", async (suite: Suite) => {
    let output = ""
    process.stdout.write = (text: string | Uint8Array) => {
      output += typeof text === "string" ? text : new TextDecoder().decode(text)
      return true
    }
    const begun = performance.now()
    Reflect.set(globalThis, "UVU_QUEUE", [])
    await run([suite])
    process.stdout.write = write
    const seconds = (performance.now() - begun) / 1e3
    const [head] = output.split("\n  Total:")
    send({
      name: suite.name,
      output: head!,
      total: countOf(output, "Total"),
      passed: countOf(output, "Passed"),
      seconds
    })
  })
}

/**
 * A process that takes files until there are none. A file whose process ends before it answers has
 * failed.
 */
function work(left: Array<Suite>, cache: string, report: (outcome: Outcome) => void): Promise<void> {
  return new Promise((resolve) => {
    let suite: Suite | undefined
    const next = (child: ChildProcess): void => {
      suite = left.shift()
      if (suite === undefined) child.disconnect()
      else child.send(suite)
    }
    const child = fork(fileURLToPath(import.meta.url), {
      execArgv: ["--import", "tsx"],
      env: { ...process.env, NA_NAS_CACHE: cache, FORCE_COLOR: process.stdout.isTTY ? "1" : "0" }
    })
    child.on("message", (outcome: Outcome) => {
      report(outcome)
      next(child)
    })
    child.on("exit", (code) => {
      if (suite === undefined) return resolve()
      const output = `${suite.name}\n  its process ended with ${code}\n`
      report({ name: suite.name, output, total: 1, passed: 0, seconds: 0 })
      resolve(work(left, cache, report))
    })
    next(child)
  })
}

async function main(): Promise<void> {
  const flags = scriptFlags({ patterns: rest(0, 1), processes: whole(availableParallelism() + 1), times: toggle })
  const begun = performance.now()
  const before = filesBelow(".")
  const cache = mkdtempSync(join(tmpdir(), "na-nas-cache-"))
  const { suites } = await parse("test", /_test\.ts$/)
  const pattern = new RegExp(flags.patterns[0] ?? "")
  const chosen = suites.filter(({ name }) => pattern.test(name))
  const left = [...chosen.filter(({ name }) => FIRST.test(name)), ...chosen.filter(({ name }) => !FIRST.test(name))]
  const outcomes: Array<Outcome> = []
  const report = (outcome: Outcome): void => {
    outcomes.push(outcome)
    console.log(outcome.output)
  }
  await Promise.all(Array.from({ length: flags.processes }, () => work(left, cache, report)))
  rmSync(cache, { recursive: true, force: true })
  const changed = leftovers(before, filesBelow("."))
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0)
  const bad = outcomes.filter(({ total, passed }) => total === 0 || passed < total)
  if (flags.times)
    for (const { name, seconds } of outcomes.toSorted((a, b) => b.seconds - a.seconds).slice(0, 20))
      console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}`)
  for (const { name, total, passed } of bad) console.log(`FAILED: ${join("test", name)}, ${passed} of ${total} passed`)
  for (const line of changed) console.log(`FAILED: the checkout is not as it was: ${line}`)
  console.log(`  Total:     ${sum(({ total }) => total)}\n  Passed:    ${sum(({ passed }) => passed)}`)
  console.log(`  Duration:  ${((performance.now() - begun) / 1e3).toFixed(1)} s`)
  process.exitCode = bad.length > 0 || changed.length > 0 || outcomes.length === 0 ? 1 : 0
}

if (process.send === undefined) await main()
else serve((outcome) => process.send?.(outcome))
