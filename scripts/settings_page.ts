/**
 * Writes `docs/settings.md` from the fields of the settings, or prints it.
 *
 *     npx tsx scripts/settings_page.ts [--write]
 */
import { writeFileSync } from "node:fs"
import { scriptFlags, toggle } from "../bench/_flags.ts"
import { flagOf } from "../bin/commands/_command.ts"
import { METHODS } from "../src/domain/darts/methods/methods.ts"
import { searchFields } from "../src/domain/darts/run_settings.ts"
import { DARTS_PROTOCOLS } from "../src/domain/darts/settings.ts"
import { SAMPLING_ALGORITHMS, type SamplingAlgorithm, samplingFields } from "../src/domain/searchers/settings.ts"
import type { Fields } from "../src/domain/setting/field.ts"
import { trainingRunFields } from "../src/domain/training/run_settings.ts"

/** One table for each group of settings. */
function tables(fields: Fields): ReadonlyArray<string> {
  const groups = [...new Set(Object.values(fields).map(({ group }) => group))]
  return groups.flatMap((group) => [
    `**${group === "" ? "Settings" : group}**`,
    "",
    "| flag | value | default | what it is |",
    "| --- | --- | --- | --- |",
    ...Object.entries(fields).flatMap(([name, { kind, doc, defaultText, group: own }]) => {
      if (own !== group) return []
      const value = kind.words.length > 0 && !kind.isSwitch ? kind.words.join(", ") : kind.unit
      const cells = [kind.isStructured ? `\`${name}\` in a file` : `\`${flagOf(name)}\``, value, defaultText, doc]
      return [`| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`]
    }),
    ""
  ])
}

/** The settings that `fields` has beyond `common`. */
function further(fields: Fields, common: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !Object.hasOwn(common, name)))
}

/** The page, without its last line's end. */
export function settingsPage(): string {
  const [first] = METHODS
  const shared = Object.fromEntries(
    Object.entries(searchFields(first)).filter(([name]) =>
      METHODS.every((one) => Object.hasOwn(searchFields(one), name))
    )
  )
  const random = samplingFields("rs")
  const names = Object.keys(SAMPLING_ALGORITHMS) as ReadonlyArray<SamplingAlgorithm>
  const section = (title: string, fields: Fields) =>
    Object.keys(fields).length === 0 ? [] : [`### ${title}`, "", ...tables(fields)]
  return [
    "# Settings",
    "",
    "Made by `npx tsx scripts/settings_page.ts --write` from the fields in the code. A config file takes the same",
    "settings by their names in the code (`--batch-size` is `batchSize`), as JSON; flags go before it.",
    "",
    "## Searches by gradients",
    "",
    "What differs in a protocol:",
    "",
    ...Object.entries(DARTS_PROTOCOLS).map(([name, values]) => `- \`${name}\`: \`${JSON.stringify(values)}\``),
    "",
    "### All methods",
    "",
    ...tables(shared),
    ...METHODS.flatMap((method) => section(method.name, further(searchFields(method), shared))),
    "## Searches by samples",
    "",
    "### All algorithms",
    "",
    ...tables(random),
    ...names.flatMap((name) => section(name, further(samplingFields(name), random))),
    "## Trainings: `bin/evaluate.ts`",
    "",
    ...tables(trainingRunFields)
  ]
    .join("\n")
    .trimEnd()
}

if (process.argv[1]?.endsWith("settings_page.ts")) {
  const { write } = scriptFlags({ write: toggle })
  if (write) writeFileSync("docs/settings.md", `${settingsPage()}\n`)
  else console.log(settingsPage())
}
