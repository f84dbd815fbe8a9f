import type { Architecture } from "../architecture/architecture.ts"
import { type Identifier, standIn } from "../architecture/identity.ts"
import { spaceSize } from "../architecture/membership.ts"
import { isEnumerable, ordinalOf } from "../architecture/ordinal.ts"
import type { Table } from "../table/table.ts"
import { sweep } from "./landscape.ts"
import { type PreparedObjective, targetsOf } from "./targets.ts"

/** Losses by row under an identity: each row has that of the member that stands for its network. */
export function networkLosses(identifier: Identifier, table: Table, losses: Float64Array): Float64Array {
  const evaluated = standIn(identifier, (one) => table.rowOf(one) >= 0)
  return Float64Array.from(table.architectures, (one) => losses[table.rowOf(evaluated(one))]!)
}

/**
 * The objective of every architecture of a table, by row, over all neighbors that the table has: a
 * sweep over typed arrays where the space is enumerable and nothing is left out, else row by row.
 * Losses: lower is better.
 */
export function objectiveOfAll(prepared: PreparedObjective, table: Table, losses: Float64Array): Float64Array {
  const { objective, ball } = prepared
  if (objective._tag === "Own") return losses
  const { space, architectures } = table
  if (isEnumerable(space) && objective.neighbors === "all" && !objective.quotient && !objective.constrainNeighbors) {
    const ordinals = Int32Array.from(architectures, (architecture) => ordinalOf(space, architecture))
    const byOrdinal = new Float64Array(spaceSize(space)).fill(Number.NaN)
    for (let row = 0; row < ordinals.length; row++) byOrdinal[ordinals[row]!] = losses[row]!
    const swept = sweep(ball, objective.aggregate, byOrdinal, objective)
    return Float64Array.from(ordinals, (ordinal) => swept[ordinal]!)
  }
  const lossOf = (architecture: Architecture) => losses[table.rowOf(architecture)]!
  return Float64Array.from(architectures, (architecture, row) => {
    const targets = targetsOf(prepared, architecture, `row/${row}`)
    return prepared.aggregate(targets.architectures.map(lossOf), targets.distances)
  })
}
