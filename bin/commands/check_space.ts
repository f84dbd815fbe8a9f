import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { loadSpace } from "../../src/adapters/space/file.ts"
import { runnable } from "../../src/adapters/terminal/run_command.ts"
import { SettingsError } from "../../src/domain/setting/settings_error.ts"
import { checkSpace, InvariantError, spaceText } from "../../src/report/check_report.ts"

const HELP = `Check a space and test the invariants of its neighborhoods on random architectures.

Examples:

  check_space my-space.json

  check_space darts --radius 2 --runs 500

Exit codes: 0 all hold, 1 one fails or the space is faulty, 2 wrong usage, 130 interrupted.`

const space = Args.text({ name: "space" }).pipe(
  Args.withDescription("a JSON file, or the name of a space that comes with the library")
)
const radius = Options.integer("radius").pipe(
  Options.withDescription("largest distance of a neighbor (1)"),
  Options.withDefault(1)
)
const runs = Options.integer("runs").pipe(
  Options.withDescription("random cases per invariant (200)"),
  Options.withDefault(200)
)
const moveInputs = Options.boolean("move-inputs").pipe(Options.withDescription("let neighbors differ in an input too"))
const json = Options.boolean("json").pipe(Options.withDescription("end with one JSON object on standard output"))

const command = Command.make(
  "check_space",
  { space, radius, runs, moveInputs, json },
  Effect.fn("checkSpace")(function* ({ space: name, radius, runs, moveInputs, json }) {
    if (radius < 1 || runs < 1)
      return yield* new SettingsError({ problem: "--radius and --runs take positive numbers" })
    const space = yield* loadSpace(name)
    const report = checkSpace(space, { radius, runs, moveInputs })
    yield* Console.log(json ? JSON.stringify(report) : spaceText(report))
    if (report.failed > 0) return yield* new InvariantError({ space: space.name, failed: report.failed })
  })
).pipe(Command.withDescription(HELP))

export const { main, within } = runnable(command, "check_space")
