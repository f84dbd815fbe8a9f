import { lstatSync, readdirSync } from "node:fs"
import { join } from "node:path"

/** Folders that are none of the tests' business. */
const APART = new Set([".git", "node_modules"])

/** The files below a folder, and when each was written and how long it is. */
export function filesBelow(root: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const visit = (folder: string): void => {
    for (const name of readdirSync(join(root, folder))) {
      const path = join(folder, name)
      const stat = lstatSync(join(root, path))
      if (!stat.isDirectory()) found.set(path, `${stat.mtimeMs} ${stat.size}`)
      else if (!APART.has(name)) visit(path)
    }
  }
  visit("")
  return found
}

/** What differs between two looks at a folder, a line a file. */
export function leftovers(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>
): ReadonlyArray<string> {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort()
  return paths.flatMap((path) => {
    if (!before.has(path)) return [`made ${path}`]
    if (!after.has(path)) return [`removed ${path}`]
    return before.get(path) === after.get(path) ? [] : [`changed ${path}`]
  })
}
