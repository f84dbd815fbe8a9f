import { field, grouped } from "../../setting/field.ts"
import { gradientProgram } from "../loss_program.ts"
import { type Method, plain } from "../method.ts"
import { ramp, rampAt } from "../ramp.ts"

const fields = grouped("Sample", {
  temperature: field(ramp, { from: 10, to: 0.1 }, "of the sample, from the first epoch to the last")
})

/** GDAS: both updates at a one-hot Gumbel sample. */
export const gdas: Method<typeof fields> = {
  ...plain,
  name: "gdas",
  summary: "both updates at a one-hot Gumbel sample",
  source:
    "Dong and Yang 2019 (arXiv 1910.04465). Differs from its code: weights of operations outside the sample " +
    "have the gradient 0 and still decay",
  fields,
  relaxation: ({ temperature, epochs }) => ({ temperature: (epoch) => rampAt(temperature, epoch, epochs) }),
  alphaGradient: (_, loss) => gradientProgram(loss, loss.alphas)
}
