import { field, grouped, optional } from "../../src/domain/setting/field.ts"
import { text, yesNo } from "../../src/domain/setting/kind.ts"

/** Flags of every command that shows a result: no settings of what it runs. */
export const shownOptions = grouped("Run", {
  config: optional(text("file"), "JSON file with settings; flags go before it", "none"),
  json: field(yesNo, false, "end with one JSON object on standard output")
})

/** Those of a command whose work can be kept. */
export const keptOptions = {
  ...grouped("Run", { run: optional(text("folder"), "keeps the run; the same command continues it", "not kept") }),
  ...shownOptions
}
