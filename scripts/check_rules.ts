/**
 * Checks what the compiler does not: imports point inward, the domain is pure, one schema library,
 * no cycles, every export is documented and imported, no file is too long. Prints each breach and
 * exits 1 where there is one: `npm run rules`.
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { scriptFlags } from "../bench/_flags.ts"

interface Source {
  readonly path: string
  readonly text: string
  readonly imports: ReadonlyArray<string>
}

const ROOMS = ["src/domain/", "src/effects/", "src/report/", "src/adapters/", "src/library/", "bin/"] as const
const MAX_LINES = 400

function sourcesBelow(folder: string): ReadonlyArray<Source> {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => sourceOf(join(folder, name)))
}

function sourceOf(path: string): Source {
  const text = readFileSync(path, "utf8")
  const imports = [
    ...text.matchAll(/^(?:import|export)\s+[^"';]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm)
  ]
  return { path, text, imports: imports.map(([, ...from]) => from.find(Boolean) ?? "") }
}

scriptFlags({})
const sources = ["src", "bin"].flatMap(sourcesBelow)
const breaches: Array<string> = []
const room = (path: string) => ROOMS.findIndex((prefix) => path.startsWith(prefix))

for (const { path, text, imports } of sources) {
  const own = room(path)
  const report = (problem: string) => breaches.push(`${path}: ${problem}`)
  if (text.split("\n").length > MAX_LINES) report(`more than ${MAX_LINES} lines`)
  for (const from of imports) {
    if (from.startsWith(".")) {
      if (room(normalize(join(dirname(path), from))) > own) report(`imports outward: ${from}`)
      if (!from.endsWith(".ts")) report(`imports without .ts: ${from}`)
    } else if (own <= 1 && !/^(effect|@effect\/schema)\/[A-Z]\w+$/.test(from)) {
      report(`the core may not import ${from}`)
    }
    if (from === "effect/Schema" && !path.endsWith("_lift.ts")) report("effect/Schema: schemas are @effect/schema's")
    if (from === "effect" || from === "@effect/platform" || from === "@effect/schema")
      report(`imports the barrel ${from}`)
  }
  if (own <= 1) {
    const impure = /\b(Math\.random|Date\.now|new Date|process\.\w|console\.|performance\.now|fetch\(|setTimeout)/.exec(
      text.replace(/^ *\*.*$/gm, "")
    )
    if (impure !== null) report(`the core is pure: ${impure[1]}`)
  }
  if (own <= 1) {
    const flag = /^(?!\s*(?:\*|\/[/*])).*?(?<![\w-])(--[a-z][a-z-]+)/m.exec(text)
    if (flag !== null) report(`the core knows no flags, and names settings in backquotes: ${flag[1]}`)
  }
  if (own === 0 && /\bEffect\.run|from "effect\/Effect"/.test(text)) report("the domain runs no effects")
  if (/\bas any\b|as unknown as|@ts-ignore|@ts-nocheck/.test(text)) report("a cast switches the compiler off")
  for (const match of text.matchAll(/^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm)) {
    const before = text.slice(0, match.index).trimEnd()
    const isTypeOfSchema =
      new RegExp(`export const ${match[1]}\\b`).test(text) && /^export (interface|type)/.test(match[0])
    const isSecondOfPair = new RegExp(`export type ${match[1]}\\b`).test(text.slice(0, match.index))
    if (!before.endsWith("*/") && !isTypeOfSchema && !isSecondOfPair)
      report(`the export ${match[1]} has no doc comment`)
  }
}

/**
 * Cycles of imports, of types too: each module is visited once, a path that meets itself is a
 * cycle.
 */
const byPath = new Map(sources.map((source) => [source.path, source]))
const state = new Map<string, "open" | "done">()
function visit(path: string, trail: ReadonlyArray<string>): void {
  if (state.get(path) === "done") return
  if (state.get(path) === "open") {
    breaches.push(`a cycle of imports: ${[...trail.slice(trail.indexOf(path)), path].join(" -> ")}`)
    return
  }
  state.set(path, "open")
  for (const from of byPath.get(path)?.imports ?? []) {
    if (from.startsWith(".")) visit(normalize(join(dirname(path), from)), [...trail, path])
  }
  state.set(path, "done")
}
for (const { path } of sources) visit(path, [])

/** Cycles of rooms, the folders of the core: a room is read without those that read it. */
const rooms = new Map<string, Set<string>>()
for (const { path, imports } of sources.filter((source) => room(source.path) <= 2)) {
  const own = rooms.get(dirname(path)) ?? new Set()
  rooms.set(dirname(path), own)
  for (const from of imports.filter((one) => one.startsWith(".")))
    own.add(dirname(normalize(join(dirname(path), from))))
  own.delete(dirname(path))
}
const known = new Map<string, "open" | "done">()
function walk(name: string, trail: ReadonlyArray<string>): void {
  if (known.get(name) === "open")
    breaches.push(`a cycle of rooms: ${[...trail.slice(trail.indexOf(name)), name].join(" -> ")}`)
  if (known.has(name)) return
  known.set(name, "open")
  for (const next of rooms.get(name) ?? []) walk(next, [...trail, name])
  known.set(name, "done")
}
for (const name of rooms.keys()) walk(name, [])

/**
 * Exports that nobody imports: a test may import what its module uses too, else the code is for
 * tests alone.
 */
const ENTRIES = ["mod.ts", "darts.ts", "program.ts", "http.ts"].map(sourceOf)
const tools = ["bench", "scripts"].flatMap(sourcesBelow)
const imported = importedBy([...sources, ...tools, ...ENTRIES])
const tested = importedBy(sourcesBelow("test"))
for (const { path, text } of sources.filter((source) => source.path.startsWith("src/"))) {
  const names = [...text.matchAll(/^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm)]
  for (const name of new Set(names.map(([, name]) => name!))) {
    if (imported.has(`${path} ${name}`)) continue
    const isUsed = text.match(new RegExp(`\\b${name}\\b`, "g"))!.length > names.filter(([, one]) => one === name).length
    if (!tested.has(`${path} ${name}`)) breaches.push(`${path}: nobody imports ${name}`)
    else if (!isUsed) breaches.push(`${path}: only tests use ${name}`)
  }
}

/** The exports that modules import, each as its module's path and its name. */
function importedBy(importers: ReadonlyArray<Source>): ReadonlySet<string> {
  const all = new Set<string>()
  for (const { path, text } of importers) {
    const clauses = text.matchAll(/(?:^(?:import|export)\s+([^"';]*?)\s*from\s+|([^;]*?)\bimport\()"(\.[^"]+)"/gm)
    for (const [, clause, before, from] of clauses) {
      const target = normalize(join(dirname(path), from!))
      const module = /\*\s+as\s+(\w+)/.exec(clause ?? "")?.[1]
      if (module !== undefined || before !== undefined)
        for (const [word] of text.matchAll(/\w+/g)) all.add(`${target} ${word}`)
      const listed = /\{([\s\S]*)\}/.exec(clause ?? "")?.[1] ?? ""
      for (const one of listed.split(",")) all.add(`${target} ${one.trim().replace(/^type\s+|\s+as\s+\w+$/g, "")}`)
    }
  }
  return all
}

for (const breach of breaches) console.error(breach)
console.log(`${sources.length} files checked, ${breaches.length} breaches`)
process.exitCode = breaches.length === 0 ? 0 : 1
