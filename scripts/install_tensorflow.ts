/**
 * Gives the backends tfjs-node and tfjs-gpu their TensorFlow: builds the package's binding against
 * a C library that is on this machine, or runs the package's own installer, which downloads one
 * from Google.
 *
 *     npx tsx scripts/install_tensorflow.ts [--gpu] --from-python [--python PYTHON]   the library of an installed `tensorflow` wheel
 *     npx tsx scripts/install_tensorflow.ts [--gpu] --library DIR                     a folder with lib/ and include/ of TensorFlow's C library
 *     npx tsx scripts/install_tensorflow.ts [--gpu] --download                        no compiler needed, but access to storage.googleapis.com
 *
 * `--gpu` installs into @tensorflow/tfjs-node-gpu, else @tensorflow/tfjs-node. `--headers DIR`
 * names the folder with Node's node_api.h, `--compiler` the C++ compiler (g++), `--dry-run` shows
 * what would run. The binding refers to the library where it lies: moving the library means
 * installing again. Exit codes: 0 installed, 1 failed, 2 wrong usage.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { delimiter, dirname, join, resolve } from "node:path"
import { scriptFlags, text, toggle, wrongUsage } from "../bench/_flags.ts"

class InstallError extends Error {
  constructor(problem: string) {
    super(`Cannot install TensorFlow: ${problem}`)
  }
}

const flags = scriptFlags({
  gpu: toggle,
  "from-python": toggle,
  python: text("python3"),
  library: text(undefined),
  download: toggle,
  headers: text(undefined),
  compiler: text("g++"),
  "dry-run": toggle
})

interface Library {
  readonly folder: string
  readonly files: ReadonlyArray<string>
  readonly include: string
}

/**
 * The folder of the npm package, found without loading it: it does not load without its binding.
 */
function packageFolder(name: string): string {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? [])
    if (existsSync(join(folder, name, "package.json"))) return join(folder, name)
  throw new InstallError(`${name} is not installed; to install it: npm ci`)
}

/** TensorFlow's C functions are in libtensorflow, or in the libtensorflow_cc of a wheel. */
function libraryIn(folder: string, include: string): Library {
  const names = existsSync(folder) ? readdirSync(folder) : []
  const first = (pattern: RegExp) => names.filter((name) => pattern.test(name)).sort((a, b) => a.length - b.length)[0]
  const functions =
    first(/^libtensorflow\.(so(\.2)?|2\.dylib|dylib)$/) ?? first(/^libtensorflow_cc\.(so(\.2)?|2\.dylib|dylib)$/)
  const framework = first(/^libtensorflow_framework\.(so(\.2)?|2\.dylib|dylib)$/)
  if (functions === undefined) throw new InstallError(`${folder} has no libtensorflow and no libtensorflow_cc`)
  if (!existsSync(join(include, "tensorflow", "c", "c_api.h")))
    throw new InstallError(`${include} has no tensorflow/c/c_api.h`)
  return { folder, include, files: framework === undefined ? [functions] : [functions, framework] }
}

function libraryOfPython(python: string): Library {
  const script = "import importlib.util as u; print(u.find_spec('tensorflow').submodule_search_locations[0])"
  const { status, stdout } = spawnSync(python, ["-c", script], { encoding: "utf8" })
  if (status !== 0)
    throw new InstallError(`${python} has no tensorflow; to install it: ${python} -m pip install tensorflow`)
  const folder = stdout.trim().split("\n").at(-1)!
  return libraryIn(folder, join(folder, "include"))
}

function libraryOfUser(folder: string): Library {
  const below = existsSync(join(folder, "lib")) ? join(folder, "lib") : folder
  const include = [join(folder, "include"), join(dirname(folder), "include")].find((path) => existsSync(path))
  return libraryIn(below, include ?? join(folder, "include"))
}

function nodeHeaders(given: string | undefined): string {
  const folders = given === undefined ? [join(dirname(dirname(process.execPath)), "include", "node")] : [given]
  const found = folders.find((folder) => existsSync(join(folder, "node_api.h")))
  if (found === undefined)
    throw new InstallError(`${folders.join(", ")} has no node_api.h; name the folder that has it with --headers`)
  return found
}

/**
 * The version of Node's stable interface whose folder the package looks into: the newest that it
 * and this Node know.
 */
function interfaceVersion(folder: string): number {
  const { binary } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly binary: { readonly napi_versions: ReadonlyArray<number> }
  }
  return Math.max(...binary.napi_versions.filter((version) => version <= Number(process.versions.napi)))
}

function execute(command: string, args: ReadonlyArray<string>, cwd: string): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit" })
  if (error !== undefined) throw new InstallError(`${command} does not start (${error.message})`)
  if (status !== 0) throw new InstallError(`${command} ended with exit code ${status}; its messages are above`)
}

/**
 * Compile the binding beside its place, then move it there: an interrupted build leaves the old
 * one.
 */
function build(folder: string, library: Library, headers: string, compiler: string, dry: boolean): void {
  const version = interfaceVersion(folder)
  const place = join(folder, "lib", `napi-v${version}`)
  const draft = join(place, `tfjs_binding.${process.pid}.draft`)
  const linked = library.files.map((file) => join(library.folder, file))
  const sources = readdirSync(join(folder, "binding")).filter((file) => file.endsWith(".cc"))
  const undefinedSymbols = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : []
  const args = [
    ...["-std=c++17", "-O2", "-shared", "-fPIC", `-DNAPI_VERSION=${version}`, ...undefinedSymbols],
    ...[`-I${headers}`, `-I${library.include}`],
    ...sources.map((file) => join(folder, "binding", file)),
    ...linked,
    ...[`-Wl,-rpath,${library.folder}`, "-o", draft]
  ]
  if (dry) {
    console.log([compiler, ...args].join(" "))
    return
  }
  mkdirSync(place, { recursive: true })
  try {
    execute(compiler, args, folder)
    renameSync(draft, join(place, "tfjs_binding.node"))
  } finally {
    rmSync(draft, { force: true })
  }
}

/**
 * Load the package in a process of its own and compute something. It needs functions of `util` that
 * Node 23 has dropped.
 */
function verify(name: string): string {
  const script = `const util = require("node:util"); util.isArray ??= Array.isArray; util.isNullOrUndefined ??= (value) => value == null
    const tf = require(${JSON.stringify(name)}); const y = tf.add(20, 22).dataSync()[0]
    console.log("TF", y, tf.backend().binding.TF_Version, tf.backend().isUsingGpuDevice ? "GPU" : "CPU")`
  const env = { TF_CPP_MIN_LOG_LEVEL: "2", ...process.env }
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8", env })
  const line = /^TF 42 (.+)$/m.exec(stdout)
  if (line === null) throw new InstallError(`${name} does not load: ${lastError(stderr)}`)
  return line[1]!
}

function lastError(text: string): string {
  return /^.*Error: .*$/m.exec(text)?.[0] ?? (text.trim().split("\n").at(-1) || "no message")
}

function main(): void {
  const sources = [flags["from-python"], flags.library !== undefined, flags.download].filter(Boolean)
  if (sources.length !== 1) wrongUsage("name one of --from-python, --library DIR, --download")
  const name = flags.gpu ? "@tensorflow/tfjs-node-gpu" : "@tensorflow/tfjs-node"
  const folder = packageFolder(name)
  const dry = flags["dry-run"]
  if (flags.download) {
    const args = [join(folder, "scripts", "install.js"), flags.gpu ? "gpu" : "cpu", "download"]
    process.env.PATH = [join(dirname(dirname(folder)), ".bin"), process.env.PATH].join(delimiter) // it calls node-pre-gyp
    if (dry) console.log([process.execPath, ...args].join(" "))
    else execute(process.execPath, args, folder)
  } else {
    const library = flags.library === undefined ? libraryOfPython(flags.python) : libraryOfUser(resolve(flags.library))
    build(folder, library, nodeHeaders(flags.headers), flags.compiler, dry)
  }
  if (!dry) console.log(`${name}: TensorFlow ${verify(name)}`)
}

main()
