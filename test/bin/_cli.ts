import { spawn, spawnSync } from "node:child_process"
import { moduleOf } from "../../bin/_launch.ts"

/** What a command printed, and how it ended. */
export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The module of a command; the others lie beside it. */
const SEARCH = await moduleOf("search")
const QUIET = { TF_CPP_MIN_LOG_LEVEL: "2" }

/** The arguments with which Node runs what a command of `bin/` launches; the launcher itself, and tsx, take longer than most of what tests ask. */
function argumentsOf(command: string, args: ReadonlyArray<string>): ReadonlyArray<string> {
  const module = SEARCH.replace(/search(\.[jt]s)$/, `${command}$1`)
  const script = `import(${JSON.stringify(module)}).then(({ main }) => main(process.argv))`
  return [...(module.endsWith(".ts") ? ["--import", "tsx"] : []), "--eval", script, command, ...args]
}

/** Run a command of `bin/` as a user does. */
export function cli(command: string, ...args: ReadonlyArray<string>): Ran {
  const env = { ...process.env, ...QUIET }
  const { status, stdout, stderr } = spawnSync(process.execPath, argumentsOf(command, args), { encoding: "utf8", env })
  return { status, stdout, stderr }
}

/** The object in the last line of standard output. */
export function lastJson(ran: Ran): Record<string, unknown> {
  return JSON.parse(ran.stdout.trim().split("\n").at(-1)!)
}

/** The same while this process goes on, with further variables of the environment. */
export function cliAsync(env: Readonly<Record<string, string>>, command: string, ...args: ReadonlyArray<string>) {
  const child = spawn(process.execPath, argumentsOf(command, args), { env: { ...process.env, ...QUIET, ...env } })
  const texts = { stdout: "", stderr: "" }
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text
    })
  const ended = new Promise<Ran>((resolve) => child.once("close", (status) => resolve({ status, ...texts })))
  return { child, ended }
}
