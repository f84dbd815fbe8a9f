import * as Schema from "@effect/schema/Schema"

const Name = Schema.String.pipe(Schema.minLength(1))
const Index = Schema.Int.pipe(Schema.nonNegative())
const Size = Schema.Int.pipe(Schema.positive())

/**
 * One decision of a decision-only space: its name and its alternatives, in the order of their
 * indices.
 */
const Decision = Schema.Struct({
  name: Name,
  choices: Schema.Array(Name).pipe(Schema.minItems(1))
}).annotations({ identifier: "Decision" })
interface Decision extends Schema.Schema.Type<typeof Decision> {}

/**
 * A directed edge of a cell and its candidate operations. Nodes 0 … inputs − 1 are the cell's
 * inputs.
 */
const Edge = Schema.Struct({
  from: Index,
  to: Index,
  operations: Schema.Array(Name).pipe(Schema.minItems(1))
}).annotations({ identifier: "Edge" })

/**
 * A cell: a directed acyclic graph whose edges carry operations. `nodes` are those beside the
 * inputs, numbered behind them; `combine` makes one of a node's edges; `stride` 2 means that the
 * cell halves the image.
 */
export const Cell = Schema.Struct({
  name: Name,
  inputs: Size,
  nodes: Size,
  edges: Schema.Array(Edge).pipe(Schema.minItems(1)),
  combine: Schema.optionalWith(Schema.Literal("sum", "mean", "concatenate"), { default: () => "sum" as const }),
  output: Schema.optionalWith(Schema.Literal("last", "concatenate"), { default: () => "last" as const }),
  stride: Schema.optionalWith(Schema.Literal(1, 2), { default: () => 1 as const })
}).annotations({ identifier: "Cell" })
export interface Cell extends Schema.Schema.Type<typeof Cell> {}

/**
 * How a discrete architecture is read off a cell: an operation on every edge (NAS-Bench-201), or
 * per node its `perNode` strongest incoming edges with one operation each, never one of `exclude`
 * (DARTS).
 */
const Reading = Schema.Union(
  Schema.TaggedStruct("EveryEdge", {}),
  Schema.TaggedStruct("StrongestEdges", { perNode: Size, exclude: Schema.Array(Name) })
)
type Reading = typeof Reading.Type

/** A space given by its decisions alone: enough to search a table. */
export const DecisionSpace = Schema.Struct({
  version: Schema.optionalWith(Schema.Literal(1), { default: () => 1 as const }),
  name: Name,
  decisions: Schema.Array(Decision).pipe(Schema.minItems(1))
}).annotations({ identifier: "DecisionSpace" })

/**
 * A space given by its cells: networks can be built from it, and its decisions follow from
 * `reading`.
 */
export const CellSpace = Schema.Struct({
  version: Schema.optionalWith(Schema.Literal(1), { default: () => 1 as const }),
  name: Name,
  cells: Schema.Array(Cell).pipe(Schema.minItems(1)),
  reading: Schema.optionalWith(Reading, { default: () => ({ _tag: "EveryEdge" as const }) })
}).annotations({ identifier: "CellSpace" })

/** The form in which a user writes a space: JSON of this schema. Further rules: `makeSpace`. */
export const SpaceDefinition = Schema.Union(CellSpace, DecisionSpace)
export type SpaceDefinition = typeof SpaceDefinition.Type

/**
 * A decision of a made space. A neighborhood changes operations; inputs move only where asked for.
 */
export interface SpaceDecision extends Decision {
  readonly kind: "operation" | "input"
}

/**
 * A search space: its decisions and, where networks can be built from it, its cells. Made by
 * `makeSpace`.
 */
export interface Space {
  readonly name: string
  readonly decisions: ReadonlyArray<SpaceDecision>
  readonly cells: ReadonlyArray<Cell>
  readonly reading: Reading
}

/** A space definition breaks a rule. `path` names the place: `cells[0].edges[3]`. */
export class SpaceError extends Schema.TaggedError<SpaceError>()("SpaceError", {
  space: Schema.String,
  path: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `Cannot use space "${this.space}": ${this.problem} at ${this.path}`.replace(/\s+/g, " ")
  }
}
