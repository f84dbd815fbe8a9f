import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Schema from "@effect/schema/Schema"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { examine } from "../../src/adapters/tensor/probes.ts"
import { runnable } from "../../src/adapters/terminal/run_command.ts"
import { BACKEND_NAMES } from "../../src/domain/data/names.ts"
import { SettingsError } from "../../src/domain/setting/settings_error.ts"
import { isSound } from "../../src/effects/programs/finding.ts"
import { doctorText } from "../../src/report/doctor_report.ts"
import { examineApart } from "./_backend.ts"

const HELP = `Say which backends run tensor programs here, what the others lack, how fast each is, and whether it agrees with the reference.

Examples:

  doctor

  doctor --backend tfjs-wasm --composed

  doctor --json

Exit codes: 0 every available backend agrees with the reference, 1 one does not, 2 wrong usage, 130 interrupted.`

/** A backend that is available computes something else than the reference. */
class WrongBackendError extends Schema.TaggedError<WrongBackendError>()("WrongBackendError", {
  backends: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `Cannot rely on ${this.backends.join(", ")}: the numbers differ from the reference's`
  }
}

const backend = Options.choice("backend", BACKEND_NAMES).pipe(
  Options.withDescription("look at this one only"),
  Options.optional
)
const seconds = Options.float("seconds").pipe(
  Options.withDescription("how long each backend computes (1)"),
  Options.withDefault(1)
)
const composed = Options.boolean("composed").pipe(
  Options.withDescription("list what a backend makes of several kernels")
)
const json = Options.boolean("json").pipe(Options.withDescription("end with one JSON object on standard output"))

const command = Command.make(
  "doctor",
  { backend, seconds, composed, json },
  Effect.fn("doctor")(function* ({ backend, seconds, composed, json }) {
    if (!(seconds >= 0)) return yield* new SettingsError({ problem: "--seconds takes a number of seconds" })
    const only = Option.getOrUndefined(backend)
    const findings =
      only === undefined
        ? yield* Effect.forEach(BACKEND_NAMES, (name) => examineApart(name, seconds))
        : [yield* examine(only, seconds)]
    yield* Console.log(json ? JSON.stringify({ backends: findings }) : doctorText(findings, composed))
    const wrong = findings.filter((finding) => !isSound(finding)).map(({ backend }) => backend)
    if (wrong.length > 0) return yield* new WrongBackendError({ backends: wrong })
  })
).pipe(Command.withDescription(HELP))

export const { main, within } = runnable(command, "doctor")
