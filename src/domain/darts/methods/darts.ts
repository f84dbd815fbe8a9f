import { type Method, plain } from "../method.ts"
import { lookAheadFields, lookAheadGradient } from "./look_ahead.ts"

/** DARTS: gradient descent on alpha and the weights in turn. */
export const darts: Method<typeof lookAheadFields> = {
  ...plain,
  name: "darts",
  summary: "gradient descent on alpha and the weights in turn",
  source: "Liu, Simonyan, Yang 2019 (arXiv 1806.09055)",
  fields: lookAheadFields,
  relaxation: () => ({}),
  alphaGradient: lookAheadGradient
}
