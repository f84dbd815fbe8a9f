import { field, grouped, optional } from "../setting/field.ts"
import { list, oneOf, real, text } from "../setting/kind.ts"

/** Settings of what a benchmark table says, and of which column a search sees. */
export const tableFields = grouped("Table", {
  table: field(list(text("file")), [], "CSV, plain or gzip; repeat it to add columns of other files"),
  key: optional(text("column"), "column of the architectures", "found by name: arch, code, …"),
  score: optional(text("column"), "column that the search sees", "none"),
  goal: field(oneOf("maximize", "minimize"), "maximize", "what is better"),
  report: field(list(text("columns"), { commas: true }), [], "columns that are reported of what is found"),
  cost: optional(text("column"), "column with the seconds of an evaluation", "none"),
  costFactor: field(real({ above: 0 }), 1, "factor of the cost column: epochs, say")
})
