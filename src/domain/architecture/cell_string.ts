import * as Either from "effect/Either"
import type { Cell, Space } from "../space/space.ts"
import { Scanner } from "./_scanner.ts"
import type { Architecture, ArchitectureError } from "./architecture.ts"

/**
 * The cell of a space whose architectures have the form `|op~0|+|op~0|op~1|`: one cell, one input,
 * an operation on every edge.
 */
export function stringCell(space: Space): Cell | undefined {
  const cell = space.cells[0]
  return space.cells.length === 1 && cell?.inputs === 1 && space.reading._tag === "EveryEdge" ? cell : undefined
}

interface Step {
  readonly lead: string
  readonly from: number
  readonly decision: number
}

/** The text's steps in order: what precedes each operation, its input, its decision. */
function steps(cell: Cell): ReadonlyArray<Step> {
  return Array.from({ length: cell.nodes }, (_, i) => cell.inputs + i).flatMap((node) =>
    cell.edges
      .map((edge, decision) => ({ edge, decision }))
      .filter(({ edge }) => edge.to === node)
      .sort((a, b) => a.edge.from - b.edge.from)
      .map(({ edge, decision }, i) => ({
        lead: i > 0 ? "|" : node === cell.inputs ? "|" : "|+|",
        from: edge.from,
        decision
      }))
  )
}

const OPERATION = /[^~|]+/y
const INPUT = /\d+/y

/**
 * Parser of NAS-Bench-201's form, `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`, for any space with a
 * `stringCell`.
 */
export function cellStringParser(
  space: Space,
  cell: Cell
): (text: string) => Either.Either<Architecture, ArchitectureError> {
  const plan = steps(cell)
  return (text) => {
    const scanner = new Scanner(text)
    const choices = space.decisions.map(() => 0)
    for (const { lead, from, decision } of plan) {
      if (!scanner.accept(lead)) return Either.left(scanner.error(`expected "${lead}", found ${scanner.found()}`))
      const start = scanner.position
      const operation = scanner.take(OPERATION) ?? ""
      const choice = space.decisions[decision]!.choices.indexOf(operation)
      if (choice < 0) {
        const known = space.decisions[decision]!.choices.join(", ")
        const found = operation === "" ? scanner.found() : `"${operation}"`
        return Either.left(scanner.error(`expected one of the operations ${known}, found ${found}`, start))
      }
      if (!scanner.accept("~")) return Either.left(scanner.error(`expected "~", found ${scanner.found()}`))
      const place = scanner.position
      const input = scanner.take(INPUT)
      if (input !== `${from}`) return Either.left(scanner.error(`expected the input ${from}`, place))
      choices[decision] = choice
    }
    if (!scanner.accept("|")) return Either.left(scanner.error(`expected "|", found ${scanner.found()}`))
    if (scanner.position < text.length) return Either.left(scanner.error("expected the end"))
    return Either.right(choices)
  }
}

/** An architecture in NAS-Bench-201's form. */
export function printCellString(space: Space, cell: Cell, architecture: Architecture): string {
  let text = ""
  for (const { lead, from, decision } of steps(cell)) {
    text += `${lead}${space.decisions[decision]!.choices[architecture[decision]!]}~${from}`
  }
  return `${text}|`
}
