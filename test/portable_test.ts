import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { build } from "esbuild"
import { suite } from "uvu"
import * as assert from "uvu/assert"

const DENO = "node_modules/deno/bin.cjs"

/** A search that needs nothing but the bundle: NA-RS over the synthetic table. */
const PROGRAM = `
import * as Either from "effect/Either"
import * as N from ${JSON.stringify(resolve("mod.ts"))}

const space = N.builtinSpace("nas-bench-201")
const table = Either.getOrThrow(N.makeTable(space, N.syntheticTable(space, "0"), "code"))
const scores = Either.getOrThrow(table.column("validation"))
const evaluate = ({ architecture }) => -scores[table.rowOf(architecture)]
const search = N.searchArchitectures({ space, evaluate, budget: { samples: 20 }, seed: "portable" })
console.log(JSON.stringify(await N.runPromise(search)))
`

const test = suite("mod.ts")

test("bundles for a neutral platform without a platform's modules, and searches alike in Node and Deno", async () => {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-"))
  const bundle = join(folder, "bundle.mjs")
  const result = await build({
    stdin: { contents: PROGRAM, resolveDir: ".", loader: "ts" },
    bundle: true,
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import"],
    format: "esm",
    outfile: bundle,
    metafile: true,
    logLevel: "silent"
  })
  const external = Object.values(result.metafile.inputs).flatMap(({ imports }) =>
    imports.filter((one) => one.external === true)
  )
  assert.equal(
    external.map(({ path }) => path),
    []
  )
  const node = spawnSync(process.execPath, [bundle], { encoding: "utf8" })
  assert.match(node.stdout, '"samples":20')
  writeFileSync(join(folder, "deno.json"), "{}")
  if (existsSync(DENO)) {
    const deno = spawnSync(process.execPath, [DENO, "run", bundle], { encoding: "utf8" })
    assert.is(deno.stdout, node.stdout, deno.stderr)
  } else {
    console.log("left out: the search under Deno, whose binary is not installed")
  }
  rmSync(folder, { recursive: true, force: true })
})

test.run()
