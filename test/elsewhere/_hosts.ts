import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { createRequire } from "node:module"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "esbuild"

const DENO = "node_modules/deno/bin.cjs"
const WASM = "node_modules/@tensorflow/tfjs-backend-wasm/dist"

/** Why a host is not here; none where it is. */
export const ABSENT = {
  deno: existsSync(DENO) ? undefined : "Deno is not installed (npm ci)",
  chromium: chromium() === undefined ? "no Chromium is on the path (Debian: apt-get install chromium)" : undefined,
  workerd: workerd() === undefined ? "workerd does not start on this platform" : undefined
} as const

/** The output of a module of this folder, run by Node or Deno. */
export function runConsole(host: "node" | "deno"): string {
  const file = "test/elsewhere/_console.ts"
  const permissions = ["--allow-read", "--allow-env", "--allow-sys", "--no-lock", "--quiet"]
  const args = host === "node" ? ["--import", "tsx", file] : [DENO, "run", ...permissions, file]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" })
  if (status !== 0) throw new Error(`${host} ended with ${status}: ${stderr}`)
  return stdout.trim()
}

/** A module of this folder as one file without a platform's modules. */
export async function bundled(name: string): Promise<string> {
  const { outputFiles } = await build({
    ...{ entryPoints: [join("test", "elsewhere", name)], bundle: true, write: false, format: "esm" },
    ...{ platform: "browser", conditions: ["worker"], target: "es2022", logLevel: "silent" }
  })
  return outputFiles[0]!.text
}

/** What the page of a bundle sends to `/found`, in headless Chromium. */
export async function runBrowser(bundle: string, milliseconds: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-chromium-"))
  let browser: ChildProcess | undefined
  let told: (body: string) => void = () => {}
  const found = new Promise<string>((resolve) => {
    told = resolve
  })
  const server = createServer((request, response) => {
    const path = request.url ?? "/"
    const send = (type: string, body: string | Buffer) => response.setHeader("content-type", type).end(body)
    if (path === "/") send("text/html", `<!doctype html><script type="module" src="/search.js"></script>`)
    else if (path === "/search.js") send("text/javascript", bundle)
    else if (/^\/wasm\/[\w-]+\.wasm$/.test(path)) send("application/wasm", readFileSync(join(WASM, path.slice(6))))
    else if (path === "/found") {
      let body = ""
      request.on("data", (part) => {
        body += part
      })
      request.on("end", () => {
        response.end()
        told(body)
      })
    } else response.writeHead(404).end()
  })
  try {
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready))
    const { port } = server.address() as AddressInfo
    const flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      `--user-data-dir=${folder}`
    ]
    browser = spawn(chromium()!, [...flags, `http://127.0.0.1:${port}/`], { stdio: "ignore", detached: true })
    return await inTime(found, milliseconds, "Chromium")
  } finally {
    if (browser?.pid !== undefined) await ended(browser)
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** How workerd serves `worker.js`, at a port that is free. */
const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker", esModule = embed "worker.js")], compatibilityDate = "2025-01-01"
  ))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
`

/** Use the address of a worker that workerd serves. */
export async function withWorker<A>(
  bundle: string,
  use: (address: string) => Promise<A>,
  config: string = CONFIG
): Promise<A> {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-workerd-"))
  writeFileSync(join(folder, "worker.js"), bundle)
  writeFileSync(join(folder, "config.capnp"), config)
  const stdio = ["ignore", "ignore", "pipe", "pipe"] as const
  const child = spawn(workerd()!, ["serve", "--control-fd=3", join(folder, "config.capnp")], {
    ...{ stdio: [...stdio], detached: true }
  })
  try {
    let complaints = ""
    child.stderr?.on("data", (part) => {
      complaints += part
    })
    const listening = new Promise<string>((resolve, reject) => {
      child.on("exit", (code) => reject(new Error(`workerd ended with ${code}: ${complaints}`)))
      child.stdio[3]?.on("data", (part) => {
        const port = /"port":(\d+)/.exec(String(part))?.[1]
        if (port !== undefined) resolve(`http://127.0.0.1:${port}`)
      })
    })
    return await use(await inTime(listening, 20_000, "workerd"))
  } finally {
    await ended(child)
    rmSync(folder, { recursive: true, force: true })
  }
}

function chromium(): string | undefined {
  const folders = (process.env.PATH ?? "").split(":")
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => existsSync(file))
}

/** The program itself: its script of the same name passes no control channel on. */
function workerd(): string | undefined {
  try {
    const { default: file } = createRequire(import.meta.url)("workerd") as { readonly default: string }
    return spawnSync(file, ["--version"]).status === 0 ? file : undefined
  } catch {
    return undefined
  }
}

function inTime<A>(promise: Promise<A>, milliseconds: number, who: string): Promise<A> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${who} did not answer within ${milliseconds} ms`)), milliseconds)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** End a process and those that it started, and wait for it. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const over = new Promise<void>((resolve) => {
    child.on("exit", () => resolve())
  })
  process.kill(-child.pid!, "SIGKILL")
  await over
}
