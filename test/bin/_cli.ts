import { spawn } from "node:child_process"
import { moduleOf } from "../../bin/_launch.ts"
import type { Runnable } from "../../bin/commands/_command.ts"

/** What a command printed, and how it ended. */
export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The module of a command; the others lie beside it. */
const SEARCH = await moduleOf("search")
const QUIET = { TF_CPP_MIN_LOG_LEVEL: "2" }

const moduleBeside = (command: string): string => SEARCH.replace(/search(\.[jt]s)$/, `${command}$1`)

/** The arguments with which Node runs what a command of `bin/` launches; the launcher itself, and tsx, take longer than most of what tests ask. */
function argumentsOf(command: string, args: ReadonlyArray<string>): ReadonlyArray<string> {
  const module = moduleBeside(command)
  const script = `import(${JSON.stringify(module)}).then(({ main }) => main(process.argv))`
  return [...(module.endsWith(".ts") ? ["--import", "tsx"] : []), "--eval", script, command, ...args]
}

/** Run a command of `bin/` with what a user gives it, within this process: a process of its own takes longer to start than most commands to run. */
export async function cli(command: string, ...args: ReadonlyArray<string>): Promise<Ran> {
  const { within } = (await import(moduleBeside(command))) as Runnable
  const texts = { stdout: "", stderr: "" }
  const restored = (["stdout", "stderr"] as const).map((name) => {
    const { write, isTTY } = process[name]
    process[name].write = (text: string | Uint8Array) => {
      texts[name] += typeof text === "string" ? text : new TextDecoder().decode(text)
      return true
    }
    process[name].isTTY = false
    return () => Object.assign(process[name], { write, isTTY })
  })
  try {
    return { status: await within(["node", command, ...args]), ...texts }
  } finally {
    for (const restore of restored) restore()
  }
}

/** The object in the last line of standard output. */
export function lastJson(ran: Ran): Record<string, unknown> {
  return JSON.parse(ran.stdout.trim().split("\n").at(-1)!)
}

/** How many lines of standard error tell an error; it ends with one, and none of them is part of a stack trace. */
export function errorsIn({ stderr }: Ran): number {
  const lines = stderr.trim().split("\n")
  if (lines.some((line) => line.startsWith("    at ")) || !lines.at(-1)!.startsWith("error: ")) return 0
  return lines.filter((line) => line.startsWith("error: ")).length
}

/** The same in a process of its own, with further variables of the environment. */
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
