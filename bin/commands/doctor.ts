import * as Schema from "@effect/schema/Schema"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { examine } from "../../src/adapters/tensor/probes.ts"
import { BACKEND_NAMES } from "../../src/domain/data/names.ts"
import { field, grouped, optional } from "../../src/domain/setting/field.ts"
import { oneOf, real, yesNo } from "../../src/domain/setting/kind.ts"
import { isSound } from "../../src/effects/programs/finding.ts"
import { doctorText } from "../../src/report/doctor_report.ts"
import { examineApart } from "./_backend.ts"
import { runnable } from "./_command.ts"
import { shownOptions } from "./_run_options.ts"

/** A backend that is available computes something else than the reference. */
class WrongBackendError extends Schema.TaggedError<WrongBackendError>()("WrongBackendError", {
  backends: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `Cannot rely on ${this.backends.join(", ")}: the numbers differ from the reference's`
  }
}

const options = {
  ...grouped("Doctor", {
    backend: optional(oneOf(...BACKEND_NAMES), "look at this one only", "all"),
    seconds: field(real({ from: 0 }, "seconds"), 1, "how long each backend computes"),
    composed: field(yesNo, false, "list what a backend makes of several kernels")
  }),
  json: shownOptions.json
}

export const { main, within } = runnable({
  name: "doctor",
  summary:
    "Say which backends run tensor programs here, what the others lack, how fast each is, and whether it is right.",
  about: "Exits with 1 where an available backend differs from the reference.",
  examples: ["doctor", "doctor --backend tfjs-wasm --composed", "doctor --json"],
  settings: {},
  options,
  run: Effect.fn("doctor")(function* ({ options: { backend, seconds, composed, json } }) {
    const findings =
      backend === undefined
        ? yield* Effect.forEach(BACKEND_NAMES, (name) => examineApart(name, seconds))
        : [yield* examine(backend, seconds)]
    yield* Console.log(json ? JSON.stringify({ backends: findings }) : doctorText(findings, composed))
    const wrong = findings.filter((finding) => !isSound(finding)).map(({ backend }) => backend)
    if (wrong.length > 0) return yield* new WrongBackendError({ backends: wrong })
  })
})
