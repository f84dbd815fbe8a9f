import { spawnSync } from "node:child_process"

/** What a command printed, and how it ended. */
export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Run a command of `bin/` as a user does. */
export function cli(command: string, ...args: ReadonlyArray<string>): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", `bin/${command}.ts`, ...args], {
    encoding: "utf8"
  })
  return { status, stdout, stderr }
}

/** The object in the last line of standard output. */
export function lastJson(ran: Ran): Record<string, unknown> {
  return JSON.parse(ran.stdout.trim().split("\n").at(-1)!)
}
