import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"

/** Run a process to its end: its standard output and its peak memory in bytes (on Linux). */
export async function runAlone(
  command: string,
  args: ReadonlyArray<string>
): Promise<{ out: string; peakBytes: number }> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] })
  let [out, peakBytes] = ["", 0]
  child.stdout.on("data", (chunk) => {
    out += chunk
  })
  const watch = setInterval(() => {
    try {
      const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]
      peakBytes = Math.max(peakBytes, 1024 * Number(kilobytes ?? 0))
    } catch {
      peakBytes = Math.max(peakBytes, 0)
    }
  }, 100)
  const code = await new Promise<number | null>((done) => {
    child.on("error", () => done(127))
    child.on("close", done)
  })
  clearInterval(watch)
  if (code !== 0) throw new Error(`${command} ended with code ${code}`)
  return { out, peakBytes }
}

/** The object in the last line of an output. */
export function lastJson(out: string): Record<string, number> {
  return JSON.parse(out.trim().split("\n").at(-1)!)
}

/** The middle of some numbers. */
export function median(times: ReadonlyArray<number>): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)]!
}
