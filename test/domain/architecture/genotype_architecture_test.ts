import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { arbitraryArchitecture } from "../../../src/domain/architecture/arbitrary.ts"
import { architectureKey, architectureOfKey } from "../../../src/domain/architecture/architecture.ts"
import { type Genotype, printGenotype } from "../../../src/domain/architecture/genotype.ts"
import { fromGenotype, hasGenotype, toGenotype } from "../../../src/domain/architecture/genotype_architecture.ts"
import { isMember } from "../../../src/domain/architecture/membership.ts"
import { parseArchitecture, printArchitecture, TEXT_FORMS } from "../../../src/domain/architecture/text.ts"
import type { Space } from "../../../src/domain/space/space.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"

const spaces = (["darts", "s1", "s2", "s3", "s4"] as const).map((name) => builtinSpace(name))

const test = suite("toGenotype(), fromGenotype()")

test("every genotype space gives its architectures back, and never holds none", () => {
  for (const space of spaces) {
    assert.ok(hasGenotype(space))
    const check = FastCheck.property(arbitraryArchitecture(space), (one) => {
      const genotype = toGenotype(space, one)
      assert.equal(Either.getOrThrow(fromGenotype(space, genotype)), one)
      assert.is(genotype.normal.length, 8)
      assert.not.ok([...genotype.normal, ...genotype.reduce].some(([operation]) => operation === "none"))
      assert.equal(architectureOfKey(architectureKey(one)), one)
    })
    FastCheck.assert(check, { seed: 80, numRuns: 50 })
  }
})

test("NAS-Bench-201 has no genotype", () => {
  assert.not.ok(hasGenotype(builtinSpace("nas-bench-201")))
})

test("the genotype of one space is read in another exactly where each edge of that offers its operation", () => {
  const offered = (space: Space, genotype: Genotype) =>
    [genotype.normal, genotype.reduce].every((edges, c) =>
      edges.every(([operation, from], i) => {
        const edge = space.cells[c]!.edges.find((one) => one.from === from && one.to === 2 + Math.floor(i / 2))
        return edge?.operations.includes(operation)
      })
    )
  let held = 0
  let refused = 0
  for (const from of spaces) {
    // A member, of which some operations are changed to what another space could hold.
    const changes = FastCheck.array(
      FastCheck.tuple(FastCheck.nat(15), FastCheck.constantFrom("skip_connect", "sep_conv_3x3")),
      { maxLength: 2 }
    )
    const check = FastCheck.property(arbitraryArchitecture(from), changes, (one, changed) => {
      const genotype = toGenotype(from, one)
      const edges = [...genotype.normal, ...genotype.reduce]
      for (const [at, operation] of changed) edges[at] = [operation, edges[at]![1]]
      const mixed = { ...genotype, normal: edges.slice(0, 8), reduce: edges.slice(8) }
      const text = printGenotype(mixed)
      for (const space of spaces) {
        const parsed = parseArchitecture(space, text)
        assert.is(Either.isRight(parsed), offered(space, mixed), `${text} in ${space.name}`)
        if (Either.isRight(parsed)) {
          held += space === from && changed.length === 0 ? 0 : 1
          assert.is(printArchitecture(space, parsed.right), text)
        } else {
          refused += 1
          assert.match(parsed.left.message, `"${space.name}"`)
        }
      }
    })
    FastCheck.assert(check, { seed: 81, numRuns: 40 })
  }
  assert.ok(held > 100 && refused > 100, `${held} held, ${refused} refused`)
})

const OUTSIDE: ReadonlyArray<readonly [string, number, string]> = [
  ["normal=[('skip_connect', 9)", 9, "edge 1 of normal comes from node 9"],
  ["normal=[('magic', 0)", 9, 'edge 1 of normal has the operation "magic"']
]
for (const [start, position, problem] of OUTSIDE) {
  test(`the error of ${start}…] points at its cell`, () => {
    const s2 = spaces[2]!
    const whole = printArchitecture(s2, FastCheck.sample(arbitraryArchitecture(s2), { numRuns: 1, seed: 82 })[0]!)
    const parsed = parseArchitecture(s2, whole.replace(/normal=\[\([^)]*\)/, start))
    assert.ok(Either.isLeft(parsed))
    assert.is(parsed.left.position, position)
    assert.match(parsed.left.message, problem)
  })
}

test("500 damaged texts of the genotype spaces are members that print back, or errors that point inside", () => {
  const damage = FastCheck.tuple(
    FastCheck.nat(700),
    FastCheck.nat(12),
    FastCheck.constantFrom("", "0", "1", "'", ")", "é")
  )
  for (const space of spaces) {
    const texts = FastCheck.tuple(arbitraryArchitecture(space), FastCheck.constantFrom(...TEXT_FORMS))
    const check = FastCheck.property(texts, damage, ([one, form], [at, removed, inserted]) => {
      const whole = printArchitecture(space, one, form)
      const start = at % whole.length
      const text = whole.slice(0, start) + inserted + whole.slice(start + removed)
      const parsed = parseArchitecture(space, text)
      if (Either.isLeft(parsed)) return assert.ok(parsed.left.position <= text.length)
      assert.ok(isMember(space, parsed.right))
      for (const each of TEXT_FORMS) {
        const printed = printArchitecture(space, parsed.right, each)
        assert.equal(Either.getOrThrow(parseArchitecture(space, printed)), parsed.right)
      }
    })
    FastCheck.assert(check, { seed: 83, numRuns: 100 })
  }
})

test.run()
