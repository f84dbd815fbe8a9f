import { identityMaps, type RelaxedMaps } from "../../neighborhood/relaxed_maps.ts"
import { type RelaxedShape, rowsOf } from "../../neighborhood/relaxed_shape.ts"
import { field, grouped } from "../../setting/field.ts"
import { oneOf, real } from "../../setting/kind.ts"
import { SKIP } from "../diagnosis.ts"
import { type Method, type MethodSettings, plain } from "../method.ts"
import { lookAheadFields, lookAheadGradient } from "./look_ahead.ts"

const fields = {
  ...grouped("Auxiliary skip", {
    auxiliarySkip: field(real({ from: 0 }), 1, "weight of the auxiliary skip in the first epoch"),
    auxiliaryDecay: field(oneOf("cosine", "linear"), "cosine", "how that weight falls to 0")
  }),
  ...lookAheadFields
}

/** The weight β of the auxiliary skip in an epoch. */
function auxiliaryWeight(
  { auxiliarySkip, auxiliaryDecay, epochs }: MethodSettings<typeof fields>,
  epoch: number
): number {
  const gone = epoch / epochs
  return auxiliarySkip * (auxiliaryDecay === "linear" ? 1 - gone : (1 + Math.cos(Math.PI * gone)) / 2)
}

/** The maps that add a weight to the skip of each row; a row without a skip stays. */
export function auxiliaryMaps(shape: RelaxedShape, weight: number): RelaxedMaps {
  const maps = identityMaps(shape)
  for (const { name, edges, width } of shape)
    for (const [e, operations] of edges.entries()) {
      const skip = operations.indexOf(SKIP)
      if (skip >= 0) maps.get(name)!.add[e * width + skip] = weight
    }
  return maps
}

/**
 * DARTS−: an auxiliary skip connection of weight β, which alpha does not see, beside the mixture of
 * every edge. β falls from 1 in the first epoch towards 0, so that a skip need not grow in order to
 * help training: along a cosine, as the authors' scheduler does by default, or a line, as their
 * script asks for.
 *
 * Here it is an affine map of the probabilities: β is added to the skip's entry of each row. So the
 * auxiliary skip shares the module of the candidate: in normal edges the identity, as in the
 * authors' code; in edges of stride 2 the factorized reduction of `skip_connect`, where their code
 * has a second one with weights of its own. An edge that does not offer `skip_connect` gets none,
 * theirs always has one. The losses of the steps are those with the auxiliary skip, the eigenvalue
 * and what is read off those without.
 */
export const dartsMinus: Method<typeof fields> = {
  ...plain,
  name: "darts-minus",
  summary: "DARTS with an auxiliary skip connection that fades",
  source: "Chu et al. 2021 (arXiv 2009.01027)",
  fields,
  relaxation: (settings) => ({
    mapped: {
      readsAlpha: false,
      maps: ({ shape, epoch }) => auxiliaryMaps(shape, auxiliaryWeight(settings, epoch))
    }
  }),
  alphaGradient: lookAheadGradient,
  problem: (_, shape) =>
    rowsOf(shape).some((operations) => operations.includes(SKIP))
      ? undefined
      : `no edge of the space offers ${SKIP}, so this is DARTS; use that`
}
