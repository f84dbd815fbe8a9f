import { spawn, spawnSync } from "node:child_process"

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

/** The same while this process goes on, with further variables of the environment. */
export function cliAsync(env: Readonly<Record<string, string>>, command: string, ...args: ReadonlyArray<string>) {
  const child = spawn(process.execPath, ["--import", "tsx", `bin/${command}.ts`, ...args], {
    env: { ...process.env, ...env }
  })
  const texts = { stdout: "", stderr: "" }
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text
    })
  const ended = new Promise<Ran>((resolve) => child.once("close", (status) => resolve({ status, ...texts })))
  return { child, ended }
}
