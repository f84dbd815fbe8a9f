import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { arbitraryArchitecture } from "../../../src/domain/architecture/arbitrary.ts"
import { parseGenotype, printGenotype } from "../../../src/domain/architecture/genotype.ts"
import { isMember } from "../../../src/domain/architecture/membership.ts"
import { PUBLISHED_GENOTYPES } from "../../../src/domain/architecture/published_genotypes.ts"
import { parseArchitecture, printArchitecture, TEXT_FORMS } from "../../../src/domain/architecture/text.ts"
import { makeSpace } from "../../../src/domain/space/make_space.ts"
import type { Space } from "../../../src/domain/space/space.ts"
import { builtinSpace, SPACE_NAMES } from "../../../src/domain/space/spaces.ts"

const cells = builtinSpace("nas-bench-201")
const darts = builtinSpace("darts")

const DARTS_V2 =
  "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=range(2, 6))"

const forms = suite("parseArchitecture(), printArchitecture()")

forms("every form of every space gives the architecture back", () => {
  for (const name of SPACE_NAMES) {
    const space = builtinSpace(name)
    for (const form of TEXT_FORMS) {
      const check = FastCheck.property(arbitraryArchitecture(space), (one) => {
        assert.equal(Either.getOrThrow(parseArchitecture(space, printArchitecture(space, one, form))), one)
      })
      FastCheck.assert(check, { seed: 5, numRuns: 50 })
    }
  }
})

forms("the benchmark's own text and code of architecture 1 agree", () => {
  const text = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"
  assert.equal(Either.getOrThrow(parseArchitecture(cells, text)), [3, 3, 4, 1, 3, 1])
  assert.is(printArchitecture(cells, [3, 3, 4, 1, 3, 1]), text)
  assert.is(printArchitecture(cells, [3, 3, 4, 1, 3, 1], "code"), "334131")
})

forms("a published genotype is printed as it was written", () => {
  assert.is(printArchitecture(darts, Either.getOrThrow(parseArchitecture(darts, DARTS_V2))), DARTS_V2)
})

const faults: ReadonlyArray<readonly [string, number, string]> = [
  ["|nor_conv_3x3~0|+|foo~0|none~1|+|none~0|none~1|none~2|", 18, '"foo"'],
  ["|none~0|+|none~1|none~1|+|none~0|none~1|none~2|", 15, "input 0"],
  ["|none~0|+|none~0|none~1|+|none~0|none~1|", 40, "the end"],
  ["|none~0|+|none~0|none~1|+|none~0|none~1|none~2|x", 47, "the end"],
  ["|none~0|-|none~0|none~1|+|none~0|none~1|none~2|", 7, '"|+|"'],
  ["01234", 5, "5 characters"],
  ["012345", 5, "too large"],
  ["0123!0", 4, '"!"'],
  ['{"0->1":"none","9->9":"none"}', 15, '"9->9"'],
  ['["none","none","none","none","none","nope"]', 36, '"nope"'],
  ["[1", 0, "JSON"],
  ["none:none:none:none:none:nope", 25, '"nope" is not a choice of "2->3"'],
  ["none:none", 0, "6 digits for 0->1, 0->2, 1->2, 0->3, 1->3, 2->3 (0 none, 1 skip_connect"],
  ["DARTS_V1", 0, "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"],
  [
    "genotype = Genotype(normal=[])",
    0,
    'a genotype, which spaces as "darts" have at character 1; the space "nas-bench-201" takes'
  ]
]
for (const [text, position, problem] of faults) {
  forms(`the error of ${text} points at the place`, () => {
    const parsed = parseArchitecture(cells, text)
    assert.ok(Either.isLeft(parsed))
    assert.match(parsed.left.message, problem)
    assert.is(parsed.left.position, position)
  })
}

/** Sizes of the five stages of a table of sizes. */
const sizes = Either.getOrThrow(
  makeSpace({
    name: "sizes",
    decisions: [1, 2, 3, 4, 5].map((i) => ({ name: `stage ${i}`, choices: [8, 16, 24, 32, 40].map(String) }))
  })
)

const spellings: ReadonlyArray<readonly [Space, string, string]> = [
  [sizes, "8:16:24:32:40", "01234"],
  [sizes, "8,16,24,32,40", "01234"],
  [sizes, "8-16-24-32-40", "01234"],
  [sizes, "8; 16; 24; 32; 40", "01234"],
  [sizes, " 8 16  24 32 40\n", "01234"],
  [sizes, "[8, 16, 24, 32, 40]", "01234"],
  [sizes, "('8', '16', '24', '32', '40',)", "01234"],
  [sizes, "{'stage 1': 8, 'stage 2': '16', 'stage 3': 24, 'stage 4': 32, 'stage 5': 40}", "01234"],
  [sizes, "01234", "01234"],
  [cells, "arch = |nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|", "300000"],
  [cells, "best: Structure(4 nodes with |nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|)", "300000"],
  [
    cells,
    "{'0->1': 'nor_conv_3x3', '0->2': 'none', '1->2': 'none', '0->3': 'none', '1->3': 'none', '2->3': 'none'}",
    "300000"
  ]
]
for (const [space, text, code] of spellings) {
  forms(`"${text}" is ${code}`, () => {
    assert.is(printArchitecture(space, Either.getOrThrow(parseArchitecture(space, text)), "code"), code)
  })
}

forms(
  "choices that a table of sizes does not have are an error in one line that shows the choices or the forms",
  () => {
    for (const [text, problem] of [
      ["8:16:24:32:41", '"41" is not a choice of "stage 5": 8, 16, 24, 32, 40'],
      ["8:16:24", '; the space "sizes" takes 5 digits for stage 1, stage 2, stage 3, stage 4, stage 5 (0 8, 1 16'],
      ["8|16|24|32|40", "choices as 8:16:24:32:40"]
    ] as const) {
      const parsed = parseArchitecture(sizes, text)
      assert.ok(Either.isLeft(parsed))
      assert.match(parsed.left.message, problem)
      assert.not.match(parsed.left.message, "\n")
    }
  }
)

forms("a published name, a line of a log, a Python dict, JSON and weighted triples are one genotype", () => {
  const { normal, normalConcat: normal_concat, reduce, reduceConcat: reduce_concat } = PUBLISHED_GENOTYPES.DARTS_V2!
  const json = JSON.stringify({ normal, normal_concat, reduce, reduce_concat })
  const byNode = (edges: typeof normal) => {
    const triples = edges.map(
      ([name, input], i) => `('${name}', ${input}, ${["0.13", "1e-3", "nan", "tensor(0.2)"][i % 4]})`
    )
    return `(${[0, 2, 4, 6].map((i) => `(${triples[i]}, ${triples[i + 1]})`).join(", ")})`
  }
  const texts = [
    "DARTS_V2",
    ` ${DARTS_V2}\n`,
    `genotype = ${DARTS_V2}`,
    `11/27 03:10:12 PM genotype = ${DARTS_V2}`,
    json,
    json.replace("{", '{"name": "mine, too", "at": [{"epoch": 3}, "}"],').replace(/}$/, ', "last": 1.5}'),
    json.replaceAll('"', "'"),
    `best: ${json.replaceAll('"', "'")}`,
    DARTS_V2.replace(/'(\w+)', (\d)\)/g, "'$1', $2, 0.129)"),
    `Genotype(normal=${byNode(normal)}, normal_concat=range(2, 6), reduce=${byNode(reduce)}, reduce_concat=range(2, 6))`
  ]
  for (const text of texts) {
    const parsed = Either.getOrThrowWith(parseArchitecture(darts, text), (error) => error)
    assert.is(printArchitecture(darts, parsed), DARTS_V2, text)
  }
})

forms("digits in another tool's order are read by a space that has its edges and operations in that order", () => {
  const operations = ["skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"]
  const pairs = [
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 2],
    [1, 3],
    [2, 3]
  ] as const
  const edges = pairs.map(([from, to]) => ({ from, to, operations }))
  const other = Either.getOrThrow(makeSpace({ name: "other", cells: [{ name: "cell", inputs: 1, nodes: 3, edges }] }))
  const text = printArchitecture(other, Either.getOrThrow(parseArchitecture(other, "433000")))
  assert.is(printArchitecture(cells, Either.getOrThrow(parseArchitecture(cells, text)), "code"), "421211")
})

forms("a decision may have the name of a field of genotypes", () => {
  const space = Either.getOrThrow(makeSpace({ name: "s", decisions: [{ name: "normal", choices: ["a", "b"] }] }))
  assert.equal(Either.getOrThrow(parseArchitecture(space, '{"normal": "b"}')), [1])
})

forms("1,000 damaged texts are members or errors, never exceptions", () => {
  const damage = FastCheck.tuple(FastCheck.nat(600), FastCheck.nat(20), FastCheck.string({ maxLength: 5 }))
  for (const [space, whole] of [
    [cells, printArchitecture(cells, [0, 1, 2, 3, 4, 0])],
    [darts, DARTS_V2],
    [cells, printArchitecture(cells, [0, 1, 2, 3, 4, 0], "json")],
    [cells, "012340"]
  ] as const) {
    const check = FastCheck.property(damage, ([at, removed, inserted]) => {
      const start = at % whole.length
      const text = whole.slice(0, start) + inserted + whole.slice(start + removed)
      const parsed = parseArchitecture(space, text)
      if (Either.isRight(parsed)) return isMember(space, parsed.right)
      return parsed.left.position <= text.length && parsed.left.message.startsWith("Cannot read architecture")
    })
    FastCheck.assert(check, { seed: 6, numRuns: 250 })
  }
})

forms.run()

const genotypes = suite("parseGenotype()")

genotypes("reads every published spelling", () => {
  const expected = Either.getOrThrow(parseGenotype(DARTS_V2))
  const spellings = [
    DARTS_V2.replaceAll("'", '"'),
    DARTS_V2.replaceAll("range(2, 6)", "[2, 3, 4, 5]"),
    DARTS_V2.replaceAll(", ", " ,\n  "),
    DARTS_V2.replace(/\((?='|")/g, "[").replace(/', (\d)\)/g, "', $1]"),
    DARTS_V2.replaceAll("]", ",]")
  ]
  for (const spelling of spellings) assert.equal(Either.getOrThrow(parseGenotype(spelling)), expected, spelling)
})

genotypes("keeps what the DARTS space does not have: five nodes, one input twice, outputs left out", () => {
  const text = "Genotype(normal=[('a', 0), ('b', 0)], normal_concat=[2, 4], reduce=[], reduce_concat=range(4, 7))"
  const parsed = Either.getOrThrow(parseGenotype(text))
  assert.equal(parsed.normal, [
    ["a", 0],
    ["b", 0]
  ])
  assert.equal(parsed.reduceConcat, [4, 5, 6])
  assert.is(printGenotype(parsed), text)
})

genotypes("the space refuses what it does not hold", () => {
  const cases = [
    [DARTS_V2.replace("('sep_conv_3x3', 1)", "('sep_conv_3x3', 0)"), "twice"],
    [DARTS_V2.replace("sep_conv_3x3", "sep_conv_7x7"), "sep_conv_7x7"],
    [DARTS_V2.replace("('dil_conv_3x3', 2)", "('dil_conv_3x3', 5)"), "node 5"],
    [DARTS_V2.replace("range(2, 6)", "[2]"), "joins nodes 2"],
    [DARTS_V2.replace("dil_conv_3x3", "none"), 'no architecture of the space keeps: "darts"'],
    [DARTS_V2.replace("('sep_conv_3x3', 0), ", ""), "7 edges"],
    [DARTS_V2.replace("reduce_concat=range(2, 6)", ""), "missing"]
  ] as const
  for (const [text, problem] of cases) {
    const parsed = parseArchitecture(darts, text)
    assert.ok(Either.isLeft(parsed), text)
    assert.match(parsed.left.message, problem)
  }
})

genotypes.run()
