/**
 * Prints files and lines per folder, so that size stays a number that is looked at: `npm run size`.
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { scriptFlags } from "../bench/_flags.ts"

scriptFlags({})
const lines = new Map<string, { files: number; lines: number }>()
for (const folder of ["src", "bin", "test", "bench", "scripts"]) {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue
    const place = dirname(join(folder, name))
    const known = lines.get(place) ?? { files: 0, lines: 0 }
    known.files += 1
    known.lines += readFileSync(join(folder, name), "utf8").split("\n").length
    lines.set(place, known)
  }
}
for (const [place, count] of [...lines].sort())
  console.log(`${String(count.lines).padStart(6)} lines ${String(count.files).padStart(4)} files  ${place}`)
console.log(`${[...lines.values()].reduce((sum, count) => sum + count.lines, 0)} lines in all`)
