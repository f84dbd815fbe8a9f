import type { Space } from "../space/space.ts"
import { printCellString, stringCell } from "./cell_string.ts"
import { hasGenotype } from "./genotype_architecture.ts"

/** Decisions that a description of the digits names. */
const NAMED = 8

/**
 * In which order the digits of a code stand, and what they mean:
 * `6 digits for 0->1, 0->2, … (0 none, 1 skip_connect, …)`.
 */
export function digitOrder({ decisions }: Space): string {
  const names = decisions.slice(0, NAMED).map(({ name }) => name)
  const [first] = decisions
  const alike = decisions.every(({ choices }) => `${choices}` === `${first?.choices}`)
  const meaning = first!.choices.map((choice, i) => `${i.toString(36)} ${choice}`).join(", ")
  const more = decisions.length > NAMED ? ", …" : ""
  return `${decisions.length} digits for ${names.join(", ")}${more}${alike ? ` (${meaning})` : ""}`
}

/** The text forms of a space's architectures, by example, in one line: what an error ends with. */
export function knownForms(space: Space): string {
  const cell = stringCell(space)
  const example = space.decisions.map(({ choices }, i) => choices[i % choices.length]!)
  const forms = [
    ...(cell === undefined
      ? []
      : [
          printCellString(
            space,
            cell,
            space.decisions.map(() => 0)
          )
        ]),
    ...(hasGenotype(space) ? ["Genotype(normal=[…], …)", "the same as JSON or a Python dict", "a published name"] : []),
    digitOrder(space),
    ...(space.cells.length === 0 && example.length > 1 ? [`choices as ${example.join(":")}`] : []),
    "JSON with a choice for each decision"
  ]
  return `the space "${space.name}" takes ${forms.slice(0, -1).join("; ")}; or ${forms.at(-1)}`
}
