import { execFile } from "node:child_process"
import { dirname, join } from "node:path"
import * as Schema from "@effect/schema/Schema"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { BACKENDS } from "../../src/adapters/tensor/backends.ts"
import { chooseBackend, devicesHere, requireBackend } from "../../src/adapters/tensor/choose_backend.ts"
import { examine } from "../../src/adapters/tensor/probes.ts"
import { BACKEND_NAMES, type BackendChoice, type BackendName } from "../../src/domain/data/names.ts"
import { CheckpointError } from "../../src/effects/ports/checkpoints.ts"
import type { Finding } from "../../src/effects/programs/finding.ts"

/** The command that looks at backends, beside the one that runs. */
const doctor = () => join(dirname(process.argv[1]!), "doctor.ts")

/**
 * Look at a backend in a process of its own: native libraries may be loaded once, talk on standard
 * error, and may crash.
 */
export const examineApart = (name: BackendName, seconds: number): Effect.Effect<Finding> =>
  Effect.async((resume) => {
    const args = [...process.execArgv, doctor(), "--backend", name, "--seconds", String(seconds), "--json"]
    const env = { TF_CPP_MIN_LOG_LEVEL: "2", ...process.env }
    const child = execFile(process.execPath, args, { env, timeout: 120_000 }, (error, stdout) => {
      const lost: Finding = {
        ...{ backend: name, available: false, problem: `its process ended: ${error?.message.split("\n")[0]}` },
        ...{ cure: BACKENDS[name].cure, device: null, versions: {}, milliseconds: null, parityError: null },
        composed: []
      }
      resume(Effect.succeed(findingIn(stdout) ?? lost))
    })
    return Effect.sync(() => child.kill())
  })

const Findings = Schema.parseJson(
  Schema.Struct({
    backends: Schema.Tuple(
      Schema.Struct({
        backend: Schema.Literal(...BACKEND_NAMES),
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

/** A run that continues: its folder, and the backend that its record names. */
export interface KeptBackend {
  readonly folder: string
  readonly backend: BackendChoice
}

/**
 * The backend that was asked for; of `auto` the best that works here, told on standard error with
 * the reason. A run that continues keeps its own, since another would end with other bits; it fails
 * where that does not work any more.
 */
export const backendOf = Effect.fn("backendOf")(function* (asked: BackendChoice, kept?: KeptBackend) {
  if (kept !== undefined && kept.backend !== "auto" && (asked === "auto" || asked === kept.backend)) {
    const { backend, folder } = kept
    yield* Effect.mapError(requireBackend(backend, examine), ({ detail }) => {
      const told = `it was begun on ${backend}, which does not work here any more (${detail})`
      return new CheckpointError({ place: folder, detail: `${told}; repair that, or begin again in another folder` })
    })
    return backend
  }
  if (asked !== "auto") return asked
  const { backend, reason } = yield* chooseBackend(examine, examineApart, devicesHere())
  yield* Console.error(`running on ${backend}: ${reason}`)
  return backend
})

/**
 * What a backend computes with. A GPU backend that runs on the processor says so on standard error.
 */
export const deviceOf = Effect.fn("deviceOf")(function* (backend: BackendName) {
  const { device } = yield* BACKENDS[backend].describe
  if (backend === "tfjs-gpu" && !device.startsWith("GPU"))
    yield* Console.error(`${backend} runs on the ${device}: it found no GPU that it can use`)
  return device
})
