import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"

/** What a process told, and its peak memory in bytes (on Linux; 0 elsewhere). */
export interface RanAlone {
  readonly out: string
  readonly peakBytes: number
}

/** Run a process to its end. It fails with the last line of its complaints. */
export async function runAlone(command: string, args: ReadonlyArray<string>): Promise<RanAlone> {
  const env = { TF_CPP_MIN_LOG_LEVEL: "2", ...process.env }
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env })
  let [out, complaints, peakBytes] = ["", "", 0]
  child.stdout.on("data", (chunk) => {
    out += chunk
  })
  child.stderr.on("data", (chunk) => {
    complaints += chunk
  })
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakOf(child.pid))
  }, 100)
  const code = await new Promise<number | null>((done) => {
    child.on("error", (error) => {
      complaints += error.message
      done(127)
    })
    child.on("close", done)
  })
  clearInterval(watch)
  if (code !== 0) {
    const told = complaints.match(/^.*(?:[Ee]rror: |detail: ).*$/m)?.[0] ?? complaints.trim().split("\n").at(-1)
    throw new Error(`${command} ended with code ${code}: ${told?.trim()}`)
  }
  return { out, peakBytes }
}

/** The object in the last line of an output. */
export function lastJson<A = Record<string, number>>(out: string): A {
  return JSON.parse(out.trim().split("\n").at(-1)!)
}

/** The most memory that a process has held so far, in bytes; 0 where the system does not tell. */
export function peakOf(pid: number | undefined): number {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0)
  } catch {
    return 0
  }
}
