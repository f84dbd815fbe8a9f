/** Prints files and lines per folder, so that size stays a number that is looked at. */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"

const lines = new Map<string, { files: number; lines: number }>()
for (const folder of ["src", "bin", "test", "bench", "scripts"]) {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts")
  )) {
    const place = dirname(join(folder, name))
    const known = lines.get(place) ?? { files: 0, lines: 0 }
    known.files += 1
    known.lines += readFileSync(join(folder, name), "utf8").split("\n").length
    lines.set(place, known)
  }
}
for (const [place, count] of [...lines].sort())
  console.log(`${String(count.lines).padStart(6)} lines ${String(count.files).padStart(4)} files  ${place}`)
const total = [...lines.values()].reduce((sum, count) => sum + count.lines, 0)
console.log(`${String(total).padStart(6)} lines in all`)
