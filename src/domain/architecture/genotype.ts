import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { Scanner } from "./_scanner.ts"
import { ArchitectureError } from "./architecture.ts"

const Node = Schema.Int.pipe(Schema.nonNegative())
const Edges = Schema.Array(Schema.Tuple(Schema.String, Node))

/**
 * A published pair of cells: per cell the kept edges, (operation, input node) in node order, and the nodes that make
 * its output. Wider than the DARTS space: NASNet's has 5 nodes, takes an input twice and leaves nodes out.
 */
export const Genotype = Schema.Struct({
  normal: Edges,
  normalConcat: Schema.Array(Node),
  reduce: Edges,
  reduceConcat: Schema.Array(Node)
}).annotations({ identifier: "Genotype" })
export interface Genotype extends Schema.Schema.Type<typeof Genotype> {}

const FIELDS = {
  normal: "normal",
  normal_concat: "normalConcat",
  reduce: "reduce",
  reduce_concat: "reduceConcat"
} as const

const SPACE = /\s*/y
const WORD = /[A-Za-z_]\w*/y
const INTEGER = /\d{1,4}/y
const STRING = /'[^'\\\n]*'|"[^"\\\n]*"/y

/** Parse the Python literal `Genotype(normal=[('sep_conv_3x3', 1), …], normal_concat=range(2, 6), reduce=…, reduce_concat=…)`. */
export function parseGenotype(text: string): Either.Either<Genotype, ArchitectureError> {
  try {
    return Either.right(genotype(new Scanner(text)))
  } catch (error) {
    if (error instanceof ArchitectureError) return Either.left(error)
    throw error
  }
}

/** The Python literal of a genotype, as DARTS prints it. */
export function printGenotype(value: Genotype): string {
  const edges = (list: Genotype["normal"]) => `[${list.map(([name, input]) => `('${name}', ${input})`).join(", ")}]`
  return `Genotype(normal=${edges(value.normal)}, normal_concat=${printNodes(value.normalConcat)}, reduce=${edges(value.reduce)}, reduce_concat=${printNodes(value.reduceConcat)})`
}

function printNodes(nodes: ReadonlyArray<number>): string {
  const first = nodes[0] ?? 0
  const consecutive = nodes.length > 1 && nodes.every((node, i) => node === first + i)
  return consecutive ? `range(${first}, ${first + nodes.length})` : `[${nodes.join(", ")}]`
}

// The functions below throw ArchitectureError, caught by parseGenotype alone.

function genotype(scanner: Scanner): Genotype {
  expect(scanner, "Genotype")
  expect(scanner, "(")
  const fields: { -readonly [K in keyof Genotype]?: Genotype[K] } = {}
  while (!accept(scanner, ")")) {
    blank(scanner)
    const start = scanner.position
    const word = scanner.take(WORD) ?? ""
    if (!Object.hasOwn(FIELDS, word)) throw scanner.error(`expected one of ${Object.keys(FIELDS).join(", ")}`, start)
    const field = FIELDS[word as keyof typeof FIELDS]
    if (fields[field] !== undefined) throw scanner.error(`"${word}" stands twice`, start)
    expect(scanner, "=")
    if (field === "normal" || field === "reduce") fields[field] = list(scanner, pair)
    else fields[field] = accept(scanner, "range") ? range(scanner) : list(scanner, integer)
    if (accept(scanner, ",")) continue
    expect(scanner, ")")
    break
  }
  blank(scanner)
  if (scanner.position < scanner.text.length) throw scanner.error("expected the end")
  const { normal, normalConcat, reduce, reduceConcat } = fields
  for (const [word, field] of Object.entries(FIELDS)) {
    if (fields[field] === undefined) throw scanner.error(`"${word}" is missing`)
  }
  return { normal: normal!, normalConcat: normalConcat!, reduce: reduce!, reduceConcat: reduceConcat! }
}

function list<A>(scanner: Scanner, item: (scanner: Scanner) => A): ReadonlyArray<A> {
  const close = opening(scanner, "[]", "()")
  const items: Array<A> = []
  while (!accept(scanner, close)) {
    items.push(item(scanner))
    if (accept(scanner, ",")) continue
    expect(scanner, close)
    break
  }
  return items
}

/** Take an opening bracket of the usual or of the other kind; returns the closing one. */
function opening(scanner: Scanner, usual: string, other: string): string {
  if (accept(scanner, other[0]!)) return other[1]!
  expect(scanner, usual[0]!)
  return usual[1]!
}

function pair(scanner: Scanner): readonly [string, number] {
  const close = opening(scanner, "()", "[]")
  blank(scanner)
  const name = scanner.take(STRING)
  if (name === undefined) throw scanner.error(`expected a quoted operation, found ${scanner.found()}`)
  expect(scanner, ",")
  const input = integer(scanner)
  accept(scanner, ",")
  expect(scanner, close)
  return [name.slice(1, -1), input]
}

function range(scanner: Scanner): ReadonlyArray<number> {
  expect(scanner, "(")
  const first = integer(scanner)
  const bounds = accept(scanner, ",") ? ([first, integer(scanner)] as const) : ([0, first] as const)
  expect(scanner, ")")
  return Array.from({ length: Math.max(0, bounds[1] - bounds[0]) }, (_, i) => bounds[0] + i)
}

function integer(scanner: Scanner): number {
  blank(scanner)
  const digits = scanner.take(INTEGER)
  if (digits === undefined) throw scanner.error(`expected an integer, found ${scanner.found()}`)
  return Number(digits)
}

function blank(scanner: Scanner): void {
  scanner.take(SPACE)
}

function accept(scanner: Scanner, literal: string): boolean {
  blank(scanner)
  return scanner.accept(literal)
}

function expect(scanner: Scanner, literal: string): void {
  if (!accept(scanner, literal)) throw scanner.error(`expected "${literal}", found ${scanner.found()}`)
}
