import { field, grouped } from "../../setting/field.ts"
import { type Method, plain } from "../method.ts"
import { perturbationMaps } from "../noise.ts"
import { ramp, rampAt } from "../ramp.ts"
import { lookAheadFields, lookAheadGradient } from "./look_ahead.ts"

const fields = {
  ...grouped("Perturbation", {
    epsilon: field(ramp, { from: 0.03, to: 0.3 }, "size of the perturbation, from the first epoch to the last")
  }),
  ...lookAheadFields
}

/** SDARTS-RS: DARTS whose weights are trained at a random perturbation within ε. */
export const sdartsRs: Method<typeof fields> = {
  ...plain,
  name: "sdarts-rs",
  summary: "DARTS whose weights are trained at randomly perturbed probabilities",
  source: "Chen and Hsieh 2020 (arXiv 2002.05283)",
  fields,
  relaxation: ({ epsilon, epochs }, level) =>
    level === "weights"
      ? {
          mapped: {
            readsAlpha: true,
            maps: ({ shape, center, epoch, seed }) =>
              perturbationMaps(shape, center, rampAt(epsilon, epoch, epochs), seed)
          }
        }
      : {},
  alphaGradient: lookAheadGradient
}
