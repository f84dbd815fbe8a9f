import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { architectureKey, architectureOfKey } from "../../../src/domain/architecture/architecture.ts"
import { fromGenotype, hasGenotype, toGenotype } from "../../../src/domain/architecture/genotype_architecture.ts"
import { parseArchitecture, printArchitecture, TEXT_FORMS } from "../../../src/domain/architecture/text.ts"
import { arbitraryArchitecture } from "../../../src/domain/space/arbitrary.ts"
import { isMember } from "../../../src/domain/space/membership.ts"
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

test("the genotype of one space is read in another exactly where that holds it", () => {
  const [darts, s1, s2] = spaces as [(typeof spaces)[0], (typeof spaces)[0], (typeof spaces)[0]]
  let held = 0
  const check = FastCheck.property(arbitraryArchitecture(s2), (one) => {
    const text = printArchitecture(s2, one)
    assert.ok(Either.isRight(parseArchitecture(darts, text)))
    const inS1 = parseArchitecture(s1, text)
    if (Either.isRight(inS1)) {
      held += 1
      assert.is(printArchitecture(s1, inS1.right), text)
    } else assert.match(inS1.left.message, '"s1"')
  })
  FastCheck.assert(check, { seed: 81, numRuns: 100 })
  assert.ok(held < 100)
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
