import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import { Scanner } from "./_scanner.ts"
import { ArchitectureError } from "./architecture.ts"

const Node = Schema.Int.pipe(Schema.nonNegative())
const Edges = Schema.Array(Schema.Tuple(Schema.String, Node))

/**
 * A published pair of cells: per cell the kept edges, (operation, input node) in node order, and
 * the nodes that make its output. Wider than the DARTS space: NASNet's has 5 nodes, takes an input
 * twice and leaves nodes out.
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
const INTEGER = /\d{1,4}(?![\d.])/y
const STRING = /'[^'\\\n]*'|"[^"\\\n]*"/y
/** A weight as logs show it: `0.13`, `1e-3`, `nan`, `np.float64(0.13)`, `tensor(0.13)`. */
const WEIGHT = /[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|nan|(?:\w+\.)?\w+\([^()]*\)/iy

const BEGINNING = /(?:^|[=:\s])(?=Genotype\b|\{[\s\S]{0,2000}?(['"])(?:normal|reduce)(?:_concat)?\1\s*:)/

/**
 * Where a genotype begins in a text, or −1: at `Genotype`, or at a Python dict or JSON object of
 * its fields. A line of a log or of a program may stand before it, as in
 * `11/27 03:10 PM genotype = Genotype(…)`.
 */
export function genotypeBeginning(text: string): number {
  const match = BEGINNING.exec(text)
  return match === null ? -1 : match.index + match[0].length
}

/**
 * Parse a genotype: the Python literal
 * `Genotype(normal=[('sep_conv_3x3', 1), …], normal_concat=range(2, 6), reduce=…, reduce_concat=…)`
 * as DARTS prints it, or its fields as a Python dict or as JSON, where others may stand among them.
 * What `genotypeBeginning` leaves out may stand before it. Edges may be grouped by node and have a
 * weight, which is left out: `(('sep_conv_3x3', 1, 0.13), ('skip_connect', 0, 0.12))`, as GDAS logs
 * them.
 */
export function parseGenotype(text: string): Either.Either<Genotype, ArchitectureError> {
  try {
    const scanner = new Scanner(text)
    scanner.position = Math.max(0, genotypeBeginning(text))
    return Either.right(genotype(scanner))
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
  const dict = accept(scanner, "{")
  if (!dict) {
    expect(scanner, "Genotype")
    expect(scanner, "(")
  }
  const close = dict ? "}" : ")"
  const fields: { -readonly [K in keyof Genotype]?: Genotype[K] } = {}
  while (!accept(scanner, close)) {
    blank(scanner)
    const start = scanner.position
    const word = (dict ? scanner.take(STRING)?.slice(1, -1) : scanner.take(WORD)) ?? ""
    if (dict && word !== "" && !Object.hasOwn(FIELDS, word)) {
      skip(scanner)
      continue
    }
    if (!Object.hasOwn(FIELDS, word)) throw scanner.error(`expected one of ${Object.keys(FIELDS).join(", ")}`, start)
    const field = FIELDS[word as keyof typeof FIELDS]
    if (fields[field] !== undefined) throw scanner.error(`"${word}" appears twice`, start)
    expect(scanner, dict ? ":" : "=")
    if (field === "normal" || field === "reduce") fields[field] = list(scanner, edges).flat()
    else fields[field] = accept(scanner, "range") ? range(scanner) : list(scanner, integer)
    if (accept(scanner, ",")) continue
    expect(scanner, close)
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

const PIECE = /[^,[\](){}'"]+/y

/** Pass over a field that genotypes do not have, and the comma behind it. */
function skip(scanner: Scanner): void {
  for (let depth = 0; scanner.position < scanner.text.length; ) {
    if (scanner.take(PIECE) !== undefined || scanner.take(STRING) !== undefined) continue
    const bracket = scanner.text[scanner.position]!
    if (depth === 0 && /[\])}]/.test(bracket)) return
    scanner.position += 1
    if (depth === 0 && bracket === ",") return
    if (/[[({]/.test(bracket)) depth += 1
    else if (/[\])}]/.test(bracket)) depth -= 1
  }
}

function list<A>(scanner: Scanner, item: (scanner: Scanner) => A): ReadonlyArray<A> {
  return rest(scanner, opening(scanner, "[]", "()"), item)
}

/** The items of a list behind its opening bracket. */
function rest<A>(scanner: Scanner, close: string, item: (scanner: Scanner) => A): ReadonlyArray<A> {
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

type Edge = Genotype["normal"][number]

/** An edge, or the edges of a node. */
function edges(scanner: Scanner): ReadonlyArray<Edge> {
  const close = opening(scanner, "()", "[]")
  blank(scanner)
  const ofNode = /[[(]/.test(scanner.text[scanner.position] ?? "")
  if (ofNode) return rest(scanner, close, (inner) => edge(inner, opening(inner, "()", "[]")))
  return [edge(scanner, close)]
}

/** An edge behind its opening bracket. */
function edge(scanner: Scanner, close: string): Edge {
  blank(scanner)
  const name = scanner.take(STRING)
  if (name === undefined) throw scanner.error(`expected a quoted operation, found ${scanner.found()}`)
  expect(scanner, ",")
  const input = integer(scanner)
  if (accept(scanner, ",")) {
    blank(scanner)
    if (scanner.take(WEIGHT) !== undefined) accept(scanner, ",")
  }
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
