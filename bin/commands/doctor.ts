import { execFile } from "node:child_process"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Schema from "@effect/schema/Schema"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { examine, type Finding, PROBES } from "../../src/adapters/tensor/probes.ts"
import { doctorText, isSound } from "../../src/adapters/terminal/doctor_report.ts"
import { runCommand } from "../../src/adapters/terminal/run_command.ts"
import { SettingsError } from "../../src/domain/search/settings.ts"

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

const backend = Options.choice(
  "backend",
  PROBES.map((probe) => probe.backend)
).pipe(Options.withDescription("look at this one only"), Options.optional)
const seconds = Options.float("seconds").pipe(
  Options.withDescription("how long each backend computes (1)"),
  Options.withDefault(1)
)
const composed = Options.boolean("composed").pipe(
  Options.withDescription("list what a backend makes of several kernels")
)
const json = Options.boolean("json").pipe(Options.withDescription("end with one JSON object on standard output"))

/** Look at a backend in a process of its own: native libraries may be loaded once, and may crash. */
const examineApart = (name: string, seconds: number): Effect.Effect<Finding> =>
  Effect.async((resume) => {
    const args = [...process.execArgv, process.argv[1]!, "--backend", name, "--seconds", String(seconds), "--json"]
    const env = { TF_CPP_MIN_LOG_LEVEL: "2", ...process.env }
    const child = execFile(process.execPath, args, { env, timeout: 120_000 }, (error, stdout) => {
      const probe = PROBES.find((known) => known.backend === name)!
      const lost: Finding = {
        ...{ backend: name, available: false, problem: `its process ended: ${error?.message.split("\n")[0]}` },
        ...{ cure: probe.cure, device: null, versions: {}, milliseconds: null, parityError: null, composed: [] }
      }
      resume(Effect.succeed(findingIn(stdout) ?? lost))
    })
    return Effect.sync(() => child.kill())
  })

const Findings = Schema.parseJson(
  Schema.Struct({
    backends: Schema.Tuple(
      Schema.Struct({
        backend: Schema.String,
        available: Schema.Boolean,
        problem: Schema.NullOr(Schema.String),
        cure: Schema.NullOr(Schema.String),
        device: Schema.NullOr(Schema.String),
        versions: Schema.Record({ key: Schema.String, value: Schema.String }),
        milliseconds: Schema.NullOr(Schema.Number),
        parityError: Schema.NullOr(Schema.Number),
        composed: Schema.Array(Schema.String)
      })
    )
  })
)

function findingIn(stdout: string): Finding | undefined {
  const line = stdout.trim().split("\n").at(-1) ?? ""
  return Option.getOrUndefined(Schema.decodeUnknownOption(Findings)(line))?.backends[0]
}

const command = Command.make(
  "doctor",
  { backend, seconds, composed, json },
  Effect.fn("doctor")(function* ({ backend, seconds, composed, json }) {
    if (!(seconds >= 0)) return yield* new SettingsError({ problem: "--seconds takes a number of seconds" })
    const only = Option.getOrUndefined(backend)
    const findings =
      only === undefined
        ? yield* Effect.forEach(PROBES, (probe) => examineApart(probe.backend, seconds))
        : yield* Effect.forEach(
            PROBES.filter((probe) => probe.backend === only),
            (probe) => examine(probe, seconds)
          )
    yield* Console.log(json ? JSON.stringify({ backends: findings }) : doctorText(findings, composed))
    const wrong = findings.filter((finding) => !isSound(finding)).map(({ backend }) => backend)
    if (wrong.length > 0) return yield* new WrongBackendError({ backends: wrong })
  })
).pipe(Command.withDescription(HELP))

/** Run the command with a process's arguments. */
export const main = (argv: ReadonlyArray<string>): void => runCommand(command, "doctor", argv)
