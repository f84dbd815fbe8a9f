import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { integerAt, keyOf } from "../src/domain/random.ts"

const KILLS_PER_RUN = 5

/** A command that keeps its run in a folder. */
export interface Killable {
  /** Arguments of Node for a folder; the command ends with one JSON object. */
  readonly command: (folder: string) => ReadonlyArray<string>
  /** Fields of that object which differ from process to process. */
  readonly passing: ReadonlyArray<string>
  /** Further bits of the folder's finished run that are compared. */
  readonly bits?: (folder: string) => string
}

/**
 * Kill a command with SIGKILL at random moments, continue it, and compare what it ends with, to the last bit, with the run that nobody killed. Prints what
 * happened; the exit code of the process becomes 1 where a result differs.
 */
export async function killAndCompare(name: string, kills: number, { command, passing, bits }: Killable): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "na-nas-kills-"))
  const finish = (folder: string): string => {
    const { stdout, stderr, status } = spawnSync(process.execPath, command(folder), { encoding: "utf8" })
    if (status !== 0) return `exit ${status}: ${stderr}`
    const result = Object.entries<unknown>(JSON.parse(stdout.trim().split("\n").at(-1)!))
    const lasting = result.filter(([field]) => !passing.includes(field))
    return JSON.stringify([Object.fromEntries(lasting), bits?.(folder)])
  }
  finish(join(root, "warm"))
  const begun = performance.now()
  const expected = finish(join(root, "whole"))
  const duration = performance.now() - begun
  console.log(`uninterrupted: ${(duration / 1000).toFixed(1)} s`)
  if (expected.startsWith("exit")) console.log(expected)
  const key = keyOf(name)
  let [done, runs, different] = [0, 0, expected.startsWith("exit") ? 1 : 0]
  /** Milliseconds within which kills come; fewer where a run ended before its kill, as on a machine that got faster. */
  let span = Math.max(1, Math.floor(duration - 200))
  while (done < kills && different === 0) {
    const folder = join(root, `run-${runs}`)
    for (let i = 0; i < KILLS_PER_RUN && done < kills; i++) {
      const moment = 300 + integerAt(key, 100 * runs + i, span)
      if (!(await killed(command(folder), moment))) {
        span = Math.max(Math.ceil(duration / 10), Math.floor(0.8 * span))
        break
      }
      done += 1
    }
    const result = finish(folder)
    if (result !== expected) {
      different += 1
      console.log(`expected:  ${expected}\ndifferent: ${result}`)
    }
    rmSync(folder, { recursive: true, force: true })
    runs += 1
  }
  rmSync(root, { recursive: true, force: true })
  console.log(`${done} kills in ${runs} runs: ${different} different results`)
  process.exitCode = different === 0 ? 0 : 1
}

async function killed(command: ReadonlyArray<string>, milliseconds: number): Promise<boolean> {
  const child = spawn(process.execPath, command, { stdio: "ignore" })
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("exit", (_code, signal) => resolve(signal)))
  const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds)
  const signal = await ended
  clearTimeout(timer)
  return signal === "SIGKILL"
}
