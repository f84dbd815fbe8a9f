import { spawn, spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Database from "libsql"
import { RUN_FILE } from "../src/adapters/run_store/sqlite.ts"
import { integerAt, keyOf } from "../src/domain/random.ts"

const KILLS_PER_RUN = 5

/** A command that keeps its run in a folder. */
export interface Killable {
  readonly name: string
  /** Arguments of Node for a folder; the command ends with one JSON object. */
  readonly command: (folder: string) => ReadonlyArray<string>
  /**
   * Fields of that object, and of its settings, which differ from process to process or from folder
   * to folder.
   */
  readonly passing: ReadonlyArray<string>
  /** Further bits of the folder's finished run that are compared. */
  readonly bits?: (folder: string) => string
}

/** A command with what it ends with when nobody kills it. */
interface Expected extends Killable {
  readonly expected: string
  readonly duration: number
  /**
   * Milliseconds within which kills come; fewer where a run ended before its kill, as on a machine
   * that got faster.
   */
  span: number
}

/**
 * Kill commands, in turn, with SIGKILL at random moments, continue them, and compare what they end
 * with, to the last bit, with the run that nobody killed. Where runs keep a journal, counts records
 * too that were there after one kill and gone or changed after a later one, and runs whose kept
 * evaluations are not as many as they report. Prints what happened; the exit code of the process
 * becomes 1 unless nothing differs, nothing is lost and nothing miscounted.
 */
export async function killAndCompare(name: string, kills: number, commands: ReadonlyArray<Killable>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "na-nas-kills-"))
  const subjects = commands.map((command) => uninterrupted(command, root))
  const key = keyOf(name)
  let [done, runs, lost, miscounted] = [0, 0, 0, 0]
  let different = subjects.filter(({ expected }) => expected.startsWith("exit")).length
  while (done < kills && different + lost + miscounted === 0) {
    const subject = subjects[runs % subjects.length]!
    const folder = join(root, `run-${runs}`)
    let before: ReadonlyMap<string, string> = new Map()
    const follow = () => {
      const now = recordsOf(folder, root)
      for (const [record, text] of before) if (now.get(record) !== text) lost += 1
      before = now
    }
    for (let i = 0; i < KILLS_PER_RUN && done < kills; i++) {
      const moment = 300 + integerAt(key, 100 * runs + i, subject.span)
      if (!(await killed(subject.command(folder), moment))) {
        subject.span = Math.max(Math.ceil(subject.duration / 10), Math.floor(0.8 * subject.span))
        break
      }
      done += 1
      follow()
    }
    const result = finish(subject, folder)
    follow()
    const charged = uniqueEvaluationsOf(result)
    const kept = [...before.keys()].filter((record) => record.startsWith("evaluation/")).length
    if (charged !== undefined && charged !== kept) miscounted += 1
    if (result !== subject.expected) {
      different += 1
      console.log(`${subject.name}, expected:  ${subject.expected}\ndifferent: ${result}`)
    }
    rmSync(folder, { recursive: true, force: true })
    runs += 1
  }
  rmSync(root, { recursive: true, force: true })
  console.log(
    `${done} kills in ${runs} runs: ${different} different results, ${lost} lost records, ${miscounted} miscounted evaluations`
  )
  process.exitCode = different + lost + miscounted === 0 ? 0 : 1
}

/** What a command ends with, and how long it takes, once it has run before. */
function uninterrupted(command: Killable, root: string): Expected {
  finish(command, join(root, `warm-${command.name}`))
  const begun = performance.now()
  const expected = finish(command, join(root, `whole-${command.name}`))
  const duration = performance.now() - begun
  console.log(`${command.name}, uninterrupted: ${(duration / 1000).toFixed(1)} s`)
  if (expected.startsWith("exit")) console.log(expected)
  return { ...command, expected, duration, span: Math.max(1, Math.floor(duration - 200)) }
}

/** What a command ends with, without what passes. */
function finish({ command, passing, bits }: Killable, folder: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, command(folder), { encoding: "utf8" })
  if (status !== 0) return `exit ${status}: ${stderr}`
  // Settings of a record come in another order than those of flags.
  const lasting = (value: object) =>
    Object.entries(value)
      .filter(([field]) => !passing.includes(field))
      .sort(([a], [b]) => (a < b ? -1 : 1))
  const { settings, ...result } = JSON.parse(stdout.trim().split("\n").at(-1)!)
  return JSON.stringify([lasting(result), lasting(settings), bits?.(folder)])
}

/** The unique evaluations that a result reports, if it does. */
function uniqueEvaluationsOf(result: string): number | undefined {
  return result.startsWith("exit") ? undefined : JSON.parse(result)[0].uniqueEvaluations
}

/**
 * Every record of a folder's journaled run, by table and key; read from a copy, which leaves the
 * run's lock alone.
 */
function recordsOf(folder: string, root: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  if (!existsSync(join(folder, RUN_FILE))) return found
  const copy = mkdtempSync(join(root, "copy-"))
  cpSync(folder, copy, { recursive: true })
  const database = new Database(join(copy, RUN_FILE))
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as ReadonlyArray<{
    name: string
  }>
  for (const { name } of tables) {
    const rows = database.prepare(`SELECT * FROM ${name}`).all() as ReadonlyArray<Record<string, unknown>>
    for (const row of rows)
      found.set(
        `${name}/${row.evaluator ?? ""}/${row.architecture ?? row.repetition}/${row.sequence ?? ""}`,
        JSON.stringify(row)
      )
  }
  database.close()
  rmSync(copy, { recursive: true, force: true })
  return found
}

async function killed(command: ReadonlyArray<string>, milliseconds: number): Promise<boolean> {
  const child = spawn(process.execPath, command, { stdio: "ignore" })
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("exit", (_code, signal) => resolve(signal)))
  const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds)
  const signal = await ended
  clearTimeout(timer)
  return signal === "SIGKILL"
}
