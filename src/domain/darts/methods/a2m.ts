import { field, grouped } from "../../setting/field.ts"
import { oneOf, real } from "../../setting/kind.ts"
import { ascendedProgram } from "../loss_program.ts"
import { type Method, plain } from "../method.ts"

const fields = grouped("Alpha", {
  rho: field(real({ from: 0 }), 0.01, "how far alpha ascends before its gradient is taken"),
  order: field(oneOf("first", "second"), "first", "second: through the ascent too")
})

/**
 * A²M: the alpha gradient is taken at α + ρ ∇α L_val, with the order `second` through the ascent
 * too.
 */
export const a2m: Method<typeof fields> = {
  ...plain,
  name: "a2m",
  summary: "DARTS whose alpha gradient is taken a small ascent away",
  source: "Gambella, Pittorino, Roveri 2025 (arXiv 2503.10404)",
  fields,
  relaxation: () => ({}),
  alphaGradient: ({ rho, order }, loss) => ascendedProgram(loss, rho, order)
}
