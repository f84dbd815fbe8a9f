import { existsSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { BackendName } from "../../domain/data/names.ts"
import { TensorError } from "../../effects/ports/tensor_backend.ts"
import { type Finding, isSound } from "../../effects/programs/finding.ts"
import { BACKENDS } from "./backends.ts"

/** Kinds of graphics processors that a machine shows before anything is loaded. */
interface Devices {
  readonly nvidia: boolean
  /** Any that WebGPU may find; NVIDIA's too. */
  readonly any: boolean
}

/** A backend and why it was taken, for people. */
interface Choice {
  readonly backend: BackendName
  readonly reason: string
}

/**
 * How a backend is looked at for so many seconds; native libraries had better have a process of
 * their own.
 */
type Look = (backend: BackendName, seconds: number) => Effect.Effect<Finding>

const GRAPHICS = ["onnx-cuda", "tfjs-gpu", "onnx-webgpu"] as const satisfies ReadonlyArray<BackendName>
const PROCESSOR = ["onnx", "tfjs-node", "tfjs-wasm", "reference"] as const satisfies ReadonlyArray<BackendName>

/** How long a processor and a graphics processor compute side by side, in seconds. */
const RACE = 0.2

/** The graphics processors of this machine, by their device files or drivers. Nothing is loaded. */
export function devicesHere(): Devices {
  switch (process.platform) {
    case "linux": {
      const nvidia = ["/dev/nvidiactl", "/dev/dxg"].some((file) => existsSync(file))
      return { nvidia, any: nvidia || existsSync("/dev/dri") }
    }
    case "win32":
      return { nvidia: existsSync(join("C:\\Windows", "System32", "nvcuda.dll")), any: true }
    default:
      return { nvidia: false, any: process.platform === "darwin" }
  }
}

/**
 * The best backend that works: it has computed a program with first and second derivatives as the
 * reference does. A graphics processor is taken where it also is faster than the processor; of
 * several the fastest. Without one the answer costs a single look at ONNX Runtime.
 *
 * @param here looks at a backend of the processor
 * @param apart looks at a backend of a graphics processor
 */
export const chooseBackend = Effect.fn("chooseBackend")(function* (here: Look, apart: Look, devices: Devices) {
  const against = new Map<BackendName, string>()
  const rivals: Array<Finding> = []
  for (const name of GRAPHICS) {
    if (!(name === "onnx-webgpu" ? devices.any : devices.nvidia)) {
      against.set(name, name === "onnx-webgpu" ? "no GPU" : "no NVIDIA GPU")
      continue
    }
    const found = yield* apart(name, RACE)
    const problem = problemOf(found) ?? (found.device?.startsWith("GPU") ? undefined : `it runs on the ${found.device}`)
    if (problem === undefined) rivals.push(found)
    else against.set(name, problem)
  }
  for (const name of PROCESSOR) {
    const own = yield* here(name, rivals.length === 0 ? 0 : RACE)
    const problem = problemOf(own)
    if (problem !== undefined) {
      against.set(name, problem)
      continue
    }
    const faster = rivals.filter(({ milliseconds }) => milliseconds! < own.milliseconds!)
    const [best] = [...faster].sort((a, b) => a.milliseconds! - b.milliseconds!)
    for (const { backend, milliseconds } of rivals)
      if (backend !== best?.backend) against.set(backend, `${milliseconds!.toFixed(1)} ms a probe`)
    const time = (best ?? own).milliseconds!.toFixed(1)
    const { backend } = best ?? own
    return { backend, reason: reasonOf(best === undefined ? "it works here" : `${time} ms a probe`, against) }
  }
  return { backend: "reference", reason: reasonOf("it is left", against) } satisfies Choice
})

/** Make sure that a backend works: it fails with what is wrong and what cures it. */
export const requireBackend = Effect.fn("requireBackend")(function* (backend: BackendName, look: Look) {
  const problem = problemOf(yield* look(backend, 0))
  if (problem === undefined) return
  const { cure } = BACKENDS[backend]
  const detail = problem.includes(cure) ? problem : `${problem}; its cure: ${cure}`
  return yield* new TensorError({ backend, reason: "device_missing", detail })
})

function problemOf(found: Finding): string | undefined {
  if (!found.available) return found.problem ?? "it is not available"
  return isSound(found) ? undefined : "its numbers differ from the reference's"
}

/** Backends that were passed over are told with their problems, equal problems together. */
function reasonOf(reason: string, against: ReadonlyMap<BackendName, string>): string {
  const byProblem = new Map<string, Array<string>>()
  for (const [name, problem] of against) byProblem.set(problem, [...(byProblem.get(problem) ?? []), name])
  const told = [...byProblem].map(([problem, names]) => `${names.join(" and ")}: ${problem}`)
  return told.length === 0 ? reason : `${reason} (${told.join("; ")})`
}
