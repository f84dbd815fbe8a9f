import * as Either from "effect/Either"
import type { Architecture } from "../architecture/architecture.ts"
import { buildProgram } from "../program/builder.ts"
import type { NodeId } from "../program/node.ts"
import type { Shape } from "../program/operation.ts"
import { elementCount, type ProgramError } from "../program/program.ts"
import { slots } from "../space/slots.ts"
import type { Space } from "../space/space.ts"
import { type EvaluationOptions, evaluationLogits, NetworkError, spaceFault } from "./cell_networks.ts"
import type { Network } from "./layers.ts"

/** What a network, or a part of it, takes. */
export interface NetworkCount {
  /** Number of trained parameters. */
  readonly parameters: number
  /** Multiply-adds of convolutions and linear layers for one image; a bias is not counted. */
  readonly multiplyAdds: number
}

/** A network in numbers. The totals leave the auxiliary head out, which only training has. */
interface NetworkDescription extends NetworkCount {
  /** The parts that there are, in this order: `stem`, `cells.0` and on, `head`, `auxiliary`. */
  readonly parts: ReadonlyArray<NetworkCount & { readonly name: string }>
}

/** The part of a layer or parameter. */
function partOf(name: string): string {
  if (name.startsWith("stem")) return "stem"
  if (name.startsWith("auxiliary")) return "auxiliary"
  return /^cells\.\d+/.exec(name)?.[0] ?? "head"
}

/**
 * Counts a network while it is built on an image [batch, channels, height, width], so that layers
 * count which work on zeros and are no part of the program. Layers of the skeletons' names go to
 * their part, all others to `head`.
 */
export function describeNetwork(
  image: Shape,
  make: (net: Network, image: NodeId) => unknown
): Either.Either<NetworkDescription, ProgramError> {
  const parameters = new Map<string, Shape>()
  const multiplyAdds = new Map<string, number>()
  const built = buildProgram((b) => {
    make({ b, statistics: "batch", tracked: false, parameters, multiplyAdds }, b.input("x", image))
  })
  return Either.map(built, () => {
    const counts = new Map<string, { parameters: number; multiplyAdds: number }>()
    const part = (name: string) => {
      const known = counts.get(partOf(name)) ?? { parameters: 0, multiplyAdds: 0 }
      counts.set(partOf(name), known)
      return known
    }
    for (const [name, shape] of parameters) part(name).parameters += elementCount(shape)
    for (const [name, amount] of multiplyAdds) part(name).multiplyAdds += amount
    const cells = [...counts.keys()].filter((name) => name.startsWith("cells."))
    const parts = ["stem", ...cells, "head", "auxiliary"].flatMap((name) => {
      const counted = counts.get(name)
      return counted === undefined ? [] : [{ name, ...counted }]
    })
    const used = parts.filter(({ name }) => name !== "auxiliary")
    return { ...used.reduce((total, one) => sum(total, one, 1), { parameters: 0, multiplyAdds: 0 }), parts }
  })
}

function sum(a: NetworkCount, b: NetworkCount, sign: 1 | -1): NetworkCount {
  return { parameters: a.parameters + sign * b.parameters, multiplyAdds: a.multiplyAdds + sign * b.multiplyAdds }
}

/**
 * The counts of all architectures of a space, for images [batch, channels, height, width]. No shape
 * in a network depends on what is chosen elsewhere, so the counts of the choices add up: one
 * network is built for each choice that is asked for, not for each architecture.
 */
export function architectureCounts(
  space: Space,
  options: EvaluationOptions,
  image: Shape
): Either.Either<(architecture: Architecture) => NetworkCount, NetworkError | ProgramError> {
  const problem = spaceFault(space, options)
  if (problem !== undefined) return Either.left(new NetworkError({ space: space.name, problem }))
  const described = (architecture: Architecture) =>
    describeNetwork(image, (net, x) => evaluationLogits(net, x, space, architecture, options))
  const first = space.decisions.map(() => 0)
  const groups =
    space.reading._tag === "EveryEdge"
      ? first.map((_, i) => [i])
      : slots(space).map((slot) => [slot.operation, slot.input])
  return Either.map(described(first), (base) => {
    const known = new Map<string, NetworkCount>()
    const change = (group: ReadonlyArray<number>, architecture: Architecture) => {
      const key = group.map((i) => `${i}:${architecture[i]!}`).join()
      const made = known.get(key) ?? sum(Either.getOrThrow(described(replaced(first, group, architecture))), base, -1)
      known.set(key, made)
      return made
    }
    return (architecture) =>
      groups.reduce<NetworkCount>((total, group) => sum(total, change(group, architecture), 1), base)
  })
}

/** An architecture with some choices of another. */
function replaced(architecture: Architecture, group: ReadonlyArray<number>, other: Architecture): Architecture {
  return architecture.map((choice, i) => (group.includes(i) ? other[i]! : choice))
}
