import * as FastCheck from "@effect/schema/FastCheck"
import * as Either from "effect/Either"
import { arbitraryArchitecture } from "../architecture/arbitrary.ts"
import { type Architecture, architectureKey, architectureOfKey } from "../architecture/architecture.ts"
import { identifier } from "../architecture/identity.ts"
import { isMember } from "../architecture/membership.ts"
import { architectureAt, isEnumerable, ordinalOf } from "../architecture/ordinal.ts"
import { networkKey } from "../architecture/slot_order.ts"
import { parseArchitecture, printArchitecture, TEXT_FORMS } from "../architecture/text.ts"
import type { Space } from "../space/space.ts"
import { type Ball, type BallOptions, changeAt, isLegalChange, makeBall, neighbors } from "./ball.ts"
import { networkDistance } from "./distance.ts"
import { sampleNeighbors } from "./sample_neighbors.ts"

/** A property that every space and its neighborhoods must have. */
export interface Invariant {
  readonly name: string
  readonly property: FastCheck.IPropertyWithHooks<Array<unknown>>
}

/** Neighbors of one center that a check enumerates at most; larger neighborhoods are sampled. */
const ENUMERATED = 3000

/**
 * The invariants of a space and of its neighborhoods up to a radius, as fast-check properties: run
 * them with `FastCheck.check` or `FastCheck.assert`.
 */
export function spaceInvariants(space: Space, options: BallOptions = {}): ReadonlyArray<Invariant> {
  const ball = makeBall(space, options)
  const known = identifier(space, "functional")
  const one = arbitraryArchitecture(space)
  const seed = FastCheck.string({ maxLength: 8 })
  const apart = (a: Architecture, b: Architecture) => networkDistance(space, a, b)
  const network = (a: Architecture) => networkKey(space, a)
  const around = (center: Architecture) => some(ball, center)
  const forAll = (name: string, holds: (center: Architecture) => boolean): Invariant => ({
    name,
    property: FastCheck.property(one, holds) as Invariant["property"]
  })
  return [
    forAll("an arbitrary architecture belongs to the space", (a) => isMember(space, a)),
    forAll("a key gives its architecture back", (a) => same(architectureOfKey(architectureKey(a)), a)),
    ...TEXT_FORMS.map((form) =>
      forAll(`printed as ${form} and parsed, an architecture is itself`, (a) => {
        const parsed = parseArchitecture(space, printArchitecture(space, a, form))
        return Either.isRight(parsed) && same(parsed.right, a)
      })
    ),
    forAll(
      "an ordinal gives its architecture back",
      (a) => !isEnumerable(space) || same(architectureAt(space, ordinalOf(space, a)), a)
    ),
    forAll("no architecture is its own neighbor", (a) => around(a).every((b) => apart(a, b) > 0)),
    forAll("every neighbor belongs to the space", (a) => around(a).every((b) => isMember(space, b))),
    forAll("every neighbor lies within the radius", (a) =>
      around(a).every((b) => apart(a, b) >= ball.nearest && apart(a, b) <= ball.radius)
    ),
    forAll("no neighbor appears twice", (a) => new Set(around(a).map(network)).size === around(a).length),
    forAll("a neighbor's neighbors include the architecture", (a) =>
      around(a)
        .slice(0, 5)
        .every((b) => holds(ball, b, a))
    ),
    forAll("a canonical form is its own and the same network", (a) => {
      const form = known.canonical(a)
      return same(known.canonical(form), form) && known.keyOf(form) === known.keyOf(a)
    }),
    {
      name: "the distance is a metric",
      property: FastCheck.property(
        one,
        one,
        one,
        (a, b, c) =>
          (apart(a, b) === 0) === (network(a) === network(b)) &&
          apart(a, b) === apart(b, a) &&
          apart(a, c) <= apart(a, b) + apart(b, c)
      ) as Invariant["property"]
    },
    {
      name: "sampled neighbors are distinct neighbors, as many as asked for, the same for the same seed",
      property: FastCheck.property(one, FastCheck.nat(30), seed, (a, count, text) => {
        const drawn = sampleNeighbors({ ball, count }, a, text)
        const again = sampleNeighbors({ ball, count }, a, text)
        const keys = new Set(drawn.map((neighbor) => network(neighbor.architecture)))
        const enough = drawn.length === count || drawn.length === [...neighbors(ball, a)].length
        const close = drawn.every(
          ({ architecture, distance }) => isMember(space, architecture) && apart(a, architecture) === distance
        )
        return enough && close && keys.size === drawn.length && JSON.stringify(drawn) === JSON.stringify(again)
      }) as Invariant["property"]
    }
  ]
}

function same(a: Architecture, b: Architecture): boolean {
  return a.length === b.length && a.every((choice, i) => choice === b[i])
}

/**
 * All neighbors, or the first, every n-th and last changes of a large neighborhood that are
 * neighbors.
 */
function some(ball: Ball, center: Architecture): ReadonlyArray<Architecture> {
  if (ball.changes <= ENUMERATED) return [...neighbors(ball, center)]
  const step = Math.ceil(ball.changes / ENUMERATED)
  return Array.from({ length: Math.ceil(ball.changes / step) }, (_, i) => changeAt(ball, center, i * step)).filter(
    (changed) => isLegalChange(ball, center, changed)
  )
}

/** Whether the neighbors of a center hold a network, in whatever order its inputs are written. */
function holds(ball: Ball, center: Architecture, wanted: Architecture): boolean {
  const distance = networkDistance(ball.space, center, wanted)
  if (ball.changes > ENUMERATED) return distance >= ball.nearest && distance <= ball.radius
  const all = [...neighbors(ball, center)]
  return all.some((one) => same(one, wanted)) || all.some((one) => networkDistance(ball.space, one, wanted) === 0)
}
