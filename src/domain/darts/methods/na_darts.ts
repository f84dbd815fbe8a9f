import { relaxedMaps } from "../../neighborhood/relaxed_maps.ts"
import { relaxedNeighborCount } from "../../neighborhood/relaxed_neighbors.ts"
import { parseRepresentation, printRepresentation } from "../../neighborhood/representation_text.ts"
import { parseAggregate, printAggregate } from "../../objective/aggregate_text.ts"
import { field, grouped } from "../../setting/field.ts"
import { oneOf, orWord, parsed, whole, yesNo } from "../../setting/kind.ts"
import type { Level } from "../level.ts"
import { type Method, type MethodSettings, plain } from "../method.ts"
import { orRamp, rampAt } from "../ramp.ts"
import { lookAheadFields, lookAheadGradient } from "./look_ahead.ts"

const fields = {
  ...grouped("Neighborhood", {
    neighbors: field(orWord("all", whole(0)), 2, "neighbors of a step; with 0 it is DARTS"),
    representation: field(
      parsed(parseRepresentation, printRepresentation, "name"),
      { _tag: "Mix", rho: 0.5 },
      "of a neighbor: shift, swap, hard or mix:0.5"
    ),
    aggregate: field(
      parsed(parseAggregate, printAggregate, "name"),
      { _tag: "Mean" },
      "of the losses: mean, worst, cvar:0.25, …"
    ),
    radius: field(orRamp(whole(1)), 1, "most edges that a neighbor changes"),
    exactRadius: field(yesNo, false, "whether every neighbor changes as many"),
    center: field(yesNo, true, "whether the architecture itself counts"),
    steps: field(oneOf("both", "alpha", "weights"), "both", "the updates that see the neighbors"),
    fresh: field(oneOf("batch", "epoch"), "batch", "how long neighbors stay"),
    neighborNone: field(yesNo, true, "whether a neighbor may change to none")
  }),
  ...lookAheadFields
}

type Settings = MethodSettings<typeof fields>

const seesNeighbors = ({ neighbors, steps }: Settings, level: Level) =>
  neighbors !== 0 && (steps === "both" || steps === level)

/** NA-DARTS: DARTS on the aggregate over a relaxed neighborhood. */
export const naDarts: Method<typeof fields> = {
  ...plain,
  name: "na-darts",
  summary: "DARTS on the aggregate over a relaxed neighborhood",
  source:
    "Wang et al. 2021 (arXiv 2105.06369); the representation is ours, and so are its default and that of the " +
    "number of neighbors, chosen by `bench/cifar10_study.ts`",
  fields,
  relaxation: (settings, level) =>
    seesNeighbors(settings, level)
      ? {
          mapped: {
            readsAlpha: settings.representation._tag !== "Shift",
            maps: ({ shape, neighbor, center }) => relaxedMaps(shape, settings, neighbor, center)
          }
        }
      : {},
  alphaGradient: lookAheadGradient,
  neighbors: (settings, shape, level, epoch) => {
    if (!seesNeighbors(settings, level)) return undefined
    const { radius: given, exactRadius, neighborNone, neighbors, epochs, center, fresh, aggregate } = settings
    const radius = typeof given === "number" ? given : Math.max(1, Math.round(rampAt(given, epoch, epochs)))
    const neighborhood = { radius, exactRadius, neighborNone }
    const all = relaxedNeighborCount(shape, neighborhood)
    const count = neighbors === "all" ? all : Math.min(neighbors, all)
    return { neighborhood, count, center, fresh, aggregate }
  },
  stops: ({ neighbors }) => neighbors !== 0,
  problem: ({ neighbors, neighborNone }, shape) =>
    neighbors !== 0 && relaxedNeighborCount(shape, { radius: 1, neighborNone }) === 0
      ? "no edge has a second operation to change to; use 0 `neighbors`, or let `neighborNone` be true"
      : undefined
}
