import { existsSync, readFileSync } from "node:fs"
import { gunzipSync } from "node:zlib"
import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { arbitraryArchitecture } from "../../../src/domain/architecture/arbitrary.ts"
import { architectureKey } from "../../../src/domain/architecture/architecture.ts"
import { functionalForm } from "../../../src/domain/architecture/functional_form.ts"
import { classify, identifier, identityKey } from "../../../src/domain/architecture/identity.ts"
import { isMember } from "../../../src/domain/architecture/membership.ts"
import { officialForm } from "../../../src/domain/architecture/official_form.ts"
import { architectureAt, ordinalOf } from "../../../src/domain/architecture/ordinal.ts"
import { readOff } from "../../../src/domain/architecture/relaxed.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"
import { makeSpace } from "../../../src/domain/space/make_space.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { oneHot } from "../../_relaxed.ts"

const space = builtinSpace("nas-bench-201")
const darts = builtinSpace("darts")
const all = Array.from({ length: 15625 }, (_, ordinal) => architectureAt(space, ordinal))
const [NONE, SKIP, CONV1, CONV3, POOL] = [0, 1, 2, 3, 4] as const

const classes = suite("classify()")

classes("NAS-Bench-201 has 5,170 functional and 6,466 official classes", () => {
  assert.is(classify(space, "functional").representative.length, 5170)
  assert.is(classify(space, "official").representative.length, 6466)
  assert.is(classify(space, "exact").representative.length, 15625)
})

/** An image of one channel, of 5×5 pixels. */
type Image = ReadonlyArray<number>
const PIXELS = Array.from({ length: 25 }, (_, i) => i)
const around = (place: number) =>
  PIXELS.filter(
    (other) => Math.abs((other % 5) - (place % 5)) <= 1 && Math.abs(Math.floor(other / 5) - Math.floor(place / 5)) <= 1
  )
const NEAR = PIXELS.map(around)
/** Of both signs, so that each rectifier cuts some values and lets others through; 9 by place, row by row. */
const FILTERS = {
  one: { weights: [0, 0, 0, 0, -1.3, 0, 0, 0, 0], bias: 0.35 },
  three: { weights: [0.9, -0.7, 0.5, -1.1, 1.2, -0.4, 0.8, -0.6, 0.3], bias: 0.2 }
}

function convolved(image: Image, { weights, bias }: (typeof FILTERS)["one"]): Image {
  return PIXELS.map((pixel) =>
    NEAR[pixel]!.reduce((sum, at) => {
      const [row, column] = [Math.floor(at / 5) - Math.floor(pixel / 5) + 1, (at % 5) - (pixel % 5) + 1]
      return sum + Math.max(0, image[at]!) * weights[3 * row + column]!
    }, bias)
  )
}

/** The cell as a function, each kind of convolution with one filter and one bias wherever it stands. */
function computed(cell: ReadonlyArray<number>): Image {
  const nodes: Array<Image> = [PIXELS.map((i) => uniformAt(keyOf("image"), i) - 0.5)]
  const edges = [[0], [0, 1], [0, 1, 2]]
  let edge = 0
  for (const inputs of edges) {
    const terms = inputs.map((from) => through(cell[edge++]!, nodes[from]!))
    nodes.push(PIXELS.map((pixel) => terms.reduce((sum, term) => sum + term[pixel]!, 0)))
  }
  return nodes[3]!
}

function through(operation: number, image: Image): Image {
  if (operation === NONE) return PIXELS.map(() => 0)
  if (operation === SKIP) return image
  if (operation === CONV1) return convolved(image, FILTERS.one)
  if (operation === CONV3) return convolved(image, FILTERS.three)
  return PIXELS.map((pixel) => NEAR[pixel]!.reduce((sum, at) => sum + image[at]!, 0) / NEAR[pixel]!.length)
}

classes("functional classes are exactly the cells that compute the same function", () => {
  const { classOf } = classify(space, "functional")
  const functionOf = new Map<number, string>()
  const classOfFunction = new Map<string, number>()
  for (const [ordinal, cell] of all.entries()) {
    const values = computed(cell)
      .map((value) => value.toFixed(7))
      .join()
    const id = classOf[ordinal]!
    assert.is(functionOf.get(id) ?? values, values, `${cell.join("")} differs from its class`)
    assert.is(classOfFunction.get(values) ?? id, id, `${cell.join("")} computes what another class does`)
    functionOf.set(id, values)
    classOfFunction.set(values, id)
  }
  assert.is(classOfFunction.size, 5170)
})

classes("a class's representative is its smallest member", () => {
  const { classOf, representative } = classify(space, "functional")
  for (let ordinal = 0; ordinal < 15625; ordinal++) assert.ok(representative[classOf[ordinal]!]! <= ordinal)
  for (const [id, ordinal] of representative.entries()) assert.is(classOf[ordinal], id)
})

classes("the official partition is that of the benchmark's table", () => {
  const path = "../shared/data/nb201.csv.gz"
  if (!existsSync(path)) return console.log(`left out: ${path} is absent`)
  const [header, ...rows] = gunzipSync(readFileSync(path))
    .toString("utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(","))
  const [code, iso] = [header!.indexOf("code"), header!.indexOf("iso")]
  const ours = new Map<string, string>()
  const theirs = new Map<string, string>()
  for (const row of rows) {
    const form = officialForm(space, Array.from(row[code]!, Number))!
    assert.is(ours.get(form) ?? row[iso], row[iso])
    assert.is(theirs.get(row[iso]!) ?? form, form)
    ours.set(form, row[iso]!)
    theirs.set(row[iso]!, form)
  }
  assert.is(ours.size, 6466)
})

classes.run()

const functional = suite("functionalForm()")
const same = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
  functionalForm(space, a) === functionalForm(space, b)

functional("renaming nodes 1 and 2 changes nothing where no edge joins them", () => {
  for (const one of all) {
    const swapped = [1, 0, 2, 3, 5, 4].map((edge) => one[edge]!)
    if (one[2] === NONE) assert.ok(same(one, swapped))
  }
})

functional("a skip connection passes its input's terms on, none passes nothing", () => {
  assert.ok(same([SKIP, NONE, NONE, NONE, CONV3, NONE], [NONE, NONE, NONE, CONV3, NONE, NONE]))
  assert.ok(same([CONV1, NONE, SKIP, NONE, NONE, SKIP], [CONV1, NONE, NONE, NONE, SKIP, NONE]))
  assert.not.ok(same([SKIP, NONE, NONE, NONE, CONV3, NONE], [NONE, NONE, NONE, CONV1, NONE, NONE]))
})

functional("pooling a sum is summing the pooled", () => {
  assert.ok(same([CONV1, CONV3, SKIP, NONE, NONE, POOL], [CONV1, CONV3, NONE, NONE, POOL, POOL]))
})

functional("a pool of a constant is that constant", () => {
  assert.ok(same([NONE, NONE, NONE, NONE, CONV1, CONV1], [NONE, NONE, CONV1, NONE, CONV1, POOL]))
  assert.not.ok(same([CONV1, NONE, NONE, NONE, POOL, NONE], [CONV1, NONE, NONE, NONE, SKIP, NONE]))
})

functional("a convolution of nothing is not nothing, though the official rule says so", () => {
  const ofNothing = [NONE, NONE, NONE, NONE, CONV3, NONE]
  const nothing = [NONE, NONE, NONE, NONE, NONE, NONE]
  assert.not.ok(same(ofNothing, nothing))
  assert.is(officialForm(space, ofNothing), officialForm(space, nothing))
})

functional(
  "the order of a node's slots changes nothing in a genotype, and a reduction cell's skip is an operation",
  () => {
    const one = [3, 0, 2, 1, ...new Array(28).fill(0).map((_, i) => (i % 4 === 3 ? 1 : 0))]
    const swapped = [2, 1, 3, 0, ...one.slice(4)]
    assert.is(functionalForm(darts, one), functionalForm(darts, swapped))
    assert.match(functionalForm(darts, [...one.slice(0, 16), 2, 0, 2, 1, ...one.slice(20)]), /;.*skip_connect\(/)
  }
)

functional.run()

const identifiers = suite("identifier()")

identifiers(
  "keys are equal exactly where the forms are, and the canonical member is of the same class and its own canonical",
  () => {
    for (const identity of ["functional", "official", "exact"] as const) {
      const known = identifier(space, identity)
      const forms = new Map<string, number | string>()
      for (const one of all.filter((_, i) => i % 7 === 0)) {
        const form = identityKey(space, identity, one)
        assert.is(forms.get(form) ?? known.keyOf(one), known.keyOf(one))
        forms.set(form, known.keyOf(one))
        const canonical = known.canonical(one)
        assert.is(identityKey(space, identity, canonical), form)
        assert.is(ordinalOf(space, known.canonical(canonical)), ordinalOf(space, canonical))
      }
      assert.is(new Set(forms.values()).size, forms.size)
    }
  }
)

identifiers("genotypes that differ in the order of a node's inputs alone are one network under every identity", () => {
  const [normal, reduction] = builtinSpace("darts").cells
  for (const combine of ["sum", "mean", "concatenate"] as const) {
    const cells = [normal!, reduction!].map((cell) => ({ ...cell, combine }))
    const own = Either.getOrThrow(makeSpace({ name: "own", cells, reading: darts.reading }))
    for (const identity of ["functional", "exact"] as const) {
      const known = identifier(own, identity)
      const check = FastCheck.property(arbitraryArchitecture(own), FastCheck.nat(7), (one, node) => {
        const slots = [one.slice(4 * node, 4 * node + 2), one.slice(4 * node + 2, 4 * node + 4)]
        const swapped = one.toSpliced(4 * node, 4, ...slots[1]!, ...slots[0]!)
        const canonical = known.canonical(one)
        assert.is(known.keyOf(canonical), known.keyOf(one))
        assert.equal(known.canonical(canonical), canonical)
        assert.ok(isMember(own, canonical))
        // A node that concatenates its inputs joins them in their order, so they are told apart.
        const equal = combine !== "concatenate"
        assert.is(known.keyOf(swapped) === known.keyOf(one), equal)
        assert.is(architectureKey(known.canonical(swapped)) === architectureKey(canonical), equal)
      })
      FastCheck.assert(check, { seed: 61, numRuns: 30 })
    }
  }
})

identifiers.run()

const reading = suite("readOff()")

reading("the one-hot rows of an architecture are read off as it", () => {
  for (const one of all.filter((_, i) => i % 101 === 0)) assert.equal(readOff(space, oneHot(space, one)), one)
})

reading("DARTS keeps per node the two edges with the strongest operation that is not none", () => {
  const rows = Array.from({ length: 28 }, () => [0.9, 0, 0, 0, 0.1, 0, 0, 0])
  rows[2] = [0, 0, 0.3, 0.2, 0, 0, 0, 0] // edge 0 -> 3
  rows[3] = [0.9, 0, 0, 0.05, 0, 0, 0, 0] // edge 1 -> 3
  rows[4] = [0.1, 0, 0, 0, 0, 0, 0, 0.4] // edge 2 -> 3
  const read = readOff(darts, rows)
  const chosen = (decision: number) => darts.decisions[decision]!.choices[read[decision]!]
  assert.equal([4, 5, 6, 7].map(chosen), ["avg_pool_3x3", "0", "dil_conv_5x5", "2"])
  assert.equal([0, 1, 2, 3].map(chosen), ["sep_conv_3x3", "0", "sep_conv_3x3", "1"])
})

reading.run()
