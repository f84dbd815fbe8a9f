import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { type Genotype, parseGenotype, printGenotype } from "../../../src/domain/architecture/genotype.ts"

const edges = FastCheck.array(FastCheck.tuple(FastCheck.stringMatching(/^[a-z_0-9]{1,12}$/), FastCheck.nat(20)), {
  maxLength: 6
})
const nodes = FastCheck.array(FastCheck.nat(9), { maxLength: 5 })
const genotypes: FastCheck.Arbitrary<Genotype> = FastCheck.record({
  normal: edges,
  normalConcat: nodes,
  reduce: edges,
  reduceConcat: nodes
})

const test = suite("parseGenotype(), printGenotype()")

test("printed and parsed, any genotype is itself", () => {
  const check = FastCheck.property(genotypes, (one) => {
    assert.equal(Either.getOrThrow(parseGenotype(printGenotype(one))), one)
  })
  FastCheck.assert(check, { seed: 30, numRuns: 300 })
})

test("white space, quotes, brackets and trailing commas change nothing", () => {
  const spelling = FastCheck.record({
    gap: FastCheck.constantFrom("", " ", "\n  ", "\t"),
    quote: FastCheck.constantFrom("'", '"'),
    tuples: FastCheck.boolean(),
    comma: FastCheck.constantFrom("", ",")
  })
  const check = FastCheck.property(genotypes, spelling, (one, { gap, quote, tuples, comma }) => {
    const [open, close] = tuples ? ["(", ")"] : ["[", "]"]
    const end = (items: ReadonlyArray<string>) => (items.length > 0 ? comma : "")
    const list = (items: ReadonlyArray<string>) => `${open}${gap}${items.join(`,${gap}`)}${end(items)}${gap}${close}`
    const cell = (list_: Genotype["normal"]) => list(list_.map(([name, i]) => `[${quote}${name}${quote},${gap}${i}]`))
    const text = `Genotype(${gap}reduce${gap}=${cell(one.reduce)},${gap}reduce_concat=${list(one.reduceConcat.map(String))},normal=${cell(one.normal)},normal_concat=${list(one.normalConcat.map(String))}${comma})`
    assert.equal(Either.getOrThrow(parseGenotype(text)), one, text)
  })
  FastCheck.assert(check, { seed: 31, numRuns: 300 })
})

const REST = "normal=[], normal_concat=[2], reduce=[], reduce_concat=[2])"
const faults: ReadonlyArray<readonly [string, number, string]> = [
  ["genotype()", 0, '"Genotype"'],
  ["Genotype[", 8, '"("'],
  [`Genotype(shape=[1], ${REST}`, 9, "expected one of normal"],
  [`Genotype(constructor=[1], ${REST}`, 9, "expected one of normal"],
  [`Genotype(__proto__=[1], ${REST}`, 9, "expected one of normal"],
  [`Genotype(normal=[], ${REST}`, 20, '"normal" appears twice'],
  ["Genotype(normal=[('a' 0)]", 22, 'expected ","'],
  ["Genotype(normal=[(a, 0)]", 18, "quoted operation"],
  ["Genotype(normal=[('a', x)]", 23, "an integer"],
  ["Genotype(normal=[('a', 0", 24, "the end"],
  ["Genotype(normal_concat=range(2 6)", 31, 'expected ")"'],
  ["Genotype(normal=[], normal_concat=[2], reduce=[])", 49, '"reduce_concat" is missing'],
  [`Genotype(${REST} x`, 69, "expected the end"]
]
for (const [text, position, problem] of faults) {
  test(`the error of ${text} points at the place`, () => {
    const parsed = parseGenotype(text)
    assert.ok(Either.isLeft(parsed))
    assert.match(parsed.left.message, problem)
    assert.is(parsed.left.position, position)
  })
}

test("range(n) starts at 0, and a range that runs backward is empty", () => {
  const concat = (range: string) =>
    Either.getOrThrow(parseGenotype(`Genotype(normal=[], normal_concat=${range}, reduce=[], reduce_concat=[])`))
      .normalConcat
  assert.equal(concat("range(3)"), [0, 1, 2])
  assert.equal(concat("range(2, 6)"), [2, 3, 4, 5])
  assert.equal(concat("range(6, 2)"), [])
})

test.run()
