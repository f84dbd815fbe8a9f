import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const CACHE = join(ROOT, "node_modules", ".cache", "na-nas")

/**
 * Run a command of `bin/commands`. Its modules are bundled once per state of the sources: importing
 * them one by one takes longer than most searches. TensorFlow's C library tells no more than
 * errors. Where no bundle can be written, or `NA_NAS_BUNDLE=0`, the sources run as they are.
 */
export async function launch(command: string): Promise<void> {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2"
  const { main } = await import(await moduleOf(command))
  main(process.argv)
}

/**
 * The address of the module whose `main` takes the command line of a command: in the bundle, or the
 * source.
 */
export async function moduleOf(command: string): Promise<string> {
  const bundle = process.env.NA_NAS_BUNDLE === "0" ? undefined : await bundled()
  const file = bundle === undefined ? join(ROOT, "bin", "commands", `${command}.ts`) : join(bundle, `${command}.js`)
  return pathToFileURL(file).href
}

/** The folder with the bundle of these sources. */
async function bundled(): Promise<string | undefined> {
  const folder = join(CACHE, stateOf(["package-lock.json", "bin", "src"]))
  if (existsSync(folder)) return folder
  const draft = `${folder}.${process.pid}`
  try {
    const { build } = await import("esbuild")
    if (existsSync(CACHE))
      for (const old of readdirSync(CACHE)) if (isStale(old)) rmSync(join(CACHE, old), { recursive: true, force: true })
    mkdirSync(draft, { recursive: true })
    await build({
      absWorkingDir: ROOT,
      entryPoints: readdirSync(join(ROOT, "bin", "commands")).map((file) => join("bin", "commands", file)),
      outdir: draft,
      bundle: true,
      splitting: true,
      minify: true,
      sourcemap: false,
      platform: "node",
      format: "esm",
      target: "node20",
      external: ["libsql", "onnxruntime-node", "sharp", "@tensorflow/*"],
      banner: {
        js: `import{createRequire as naNasCreateRequire}from"node:module";const require=naNasCreateRequire(import.meta.url);`
      },
      logLevel: "silent"
    })
    renameSync(draft, folder)
  } catch {
    rmSync(draft, { recursive: true, force: true })
    if (!existsSync(folder)) return undefined
  }
  return folder
}

/** Bundles of other states of the sources go after a day; they may still be running. */
function isStale(name: string): boolean {
  return Date.now() - statSync(join(CACHE, name)).mtimeMs > 86_400_000
}

/**
 * A digest of the names, sizes and times of all files below the given paths, and of the Node
 * version.
 */
function stateOf(paths: ReadonlyArray<string>): string {
  const digest = createHash("sha256").update(process.version)
  const visit = (path: string): void => {
    const stat = statSync(path)
    if (stat.isDirectory()) for (const child of readdirSync(path).sort()) visit(join(path, child))
    else digest.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`)
  }
  for (const path of paths) visit(join(ROOT, path))
  return digest.digest("hex").slice(0, 16)
}
