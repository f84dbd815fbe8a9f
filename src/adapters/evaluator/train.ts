import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Schema from "@effect/schema/Schema"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Architecture, architectureKey } from "../../domain/architecture/architecture.ts"
import { isMember } from "../../domain/architecture/membership.ts"
import { type Measure, ValidationLoss, WORST_LOSS } from "../../domain/score/score.ts"
import type { Space } from "../../domain/space/space.ts"
import type { TrainingProtocol } from "../../domain/training/protocol.ts"
import { TrainedEpoch } from "../../domain/training/record.ts"
import { subjectOf } from "../../domain/training/subject.ts"
import { CheckpointError } from "../../effects/ports/checkpoints.ts"
import { Batches } from "../../effects/ports/datasets.ts"
import { type ArchitectureEvaluator, EvaluationError } from "../../effects/ports/evaluator.ts"
import { TensorBackend } from "../../effects/ports/tensor_backend.ts"
import { planTraining, type TrainingImages } from "../../effects/programs/plan_training.ts"
import { type TrainingProgress, trainedSoFar, trainNetwork } from "../../effects/programs/train_network.ts"
import * as Folder from "../checkpoints/folder.ts"
import * as NoCurves from "../curves/none.ts"

/** How architectures are trained to be scored. */
export interface TrainEvaluatorOptions {
  readonly space: Space
  /**
   * Made for its number of epochs; an evaluator of fewer ones ends earlier on the same schedule.
   */
  readonly protocol: TrainingProtocol
  /** With validation images. */
  readonly images: TrainingImages
  readonly measure: Measure
  /** Threads of the backend, of which its bits may depend. */
  readonly threads: number | undefined
  /** Folder of the trainings that are known. */
  readonly folder: string
  readonly onProgress: (progress: TrainingProgress) => Effect.Effect<void>
}

/** What is known of a training. */
const KnownTraining = Schema.Struct({
  version: Schema.Literal(2),
  architecture: Schema.String,
  epochs: Schema.Array(TrainedEpoch),
  /** Wall time of these epochs, and of the one that diverged. */
  seconds: Schema.Number,
  /** What was NaN or infinite after these epochs; null where the training can go on. */
  diverged: Schema.NullOr(Schema.String)
}).annotations({ identifier: "KnownTraining" })
const json = Schema.parseJson(KnownTraining)
const RESULT = "result.json"

/**
 * An evaluator that trains an architecture alone on the training images and scores it on the
 * validation images, after any number of epochs. Trainings are kept by a digest of all that they
 * depend on. One that ended early leaves its checkpoint, and goes on from there; one that ran
 * through, or diverged, leaves its numbers alone. From the epoch on in which a training diverged it
 * has the worst loss of the measure.
 */
export const makeTrainEvaluator = Effect.fn("makeTrainEvaluator")(function* (options: TrainEvaluatorOptions) {
  const { space, protocol, images, measure } = options
  const backend = yield* TensorBackend
  const batches = yield* Batches
  const { info } = images.dataset
  const parts = [images.parts.training, images.parts.validation].map((part) => Array.from(part))
  const settings = [1, space.cells, space.decisions, space.reading, protocol, info.digest, parts, images.shape]
  const rest = [images.seed, backend.name, options.threads ?? null]
  const base = digestOf(JSON.stringify([...settings, ...rest]))

  const train = Effect.fnUntraced(function* (architecture: Architecture, epochs: number) {
    const key = architectureKey(architecture)
    const folder = join(options.folder, base.slice(0, 16), digestOf(key).slice(0, 16))
    const known = yield* readKnown(folder, key)
    if (known !== undefined && (known.epochs.length >= epochs || known.diverged !== null)) return known
    const subject = subjectOf(space, architecture, space.name)
    const { plan } = yield* planTraining(protocol, subject, images, false)
    const begun = yield* Clock.currentTimeMillis
    const ended = yield* Effect.gen(function* () {
      const before = yield* trainedSoFar
      return yield* trainNetwork({ ...plan, epochs }, options.onProgress).pipe(
        Effect.map(({ position }) => ({ epochs: position.epochs, seconds: position.seconds, diverged: null })),
        Effect.catchTag("TrainingDiverged", ({ problem: diverged }) =>
          Effect.gen(function* () {
            const seconds = before.seconds + ((yield* Clock.currentTimeMillis) - begun) / 1000
            return { epochs: (yield* trainedSoFar).epochs, seconds, diverged }
          })
        )
      )
    }).pipe(Effect.provide(Layer.merge(Folder.layer(folder), NoCurves.layer)))
    const made = { version: 2, architecture: key, ...ended } as const
    yield* writeKnown(folder, made, ended.epochs.length >= protocol.epochs || ended.diverged !== null)
    return made
  })

  const evaluateOne = Effect.fnUntraced(
    function* (architecture: Architecture, epochs: number) {
      const known = yield* train(architecture, epochs)
      const ended = known.epochs[epochs - 1]
      if (ended === undefined) return { loss: WORST_LOSS[measure], seconds: known.seconds, diverged: true as const }
      const { accuracy, loss } = ended.validation!
      const seconds = (known.seconds * epochs) / known.epochs.length
      return { loss: ValidationLoss(measure === "error" ? 1 - accuracy : loss), seconds }
    },
    (effect, architecture) =>
      effect.pipe(
        Effect.mapError(
          ({ message }) =>
            new EvaluationError({ architecture: architectureKey(architecture), reason: "failed", detail: message })
        ),
        Effect.provideService(TensorBackend, backend),
        Effect.provideService(Batches, batches)
      )
  )

  const after = (epochs: number): ArchitectureEvaluator => ({
    identity: `train/${base}/${measure}/${epochs}`,
    admits: (architecture) => isMember(space, architecture),
    batch: 1,
    concurrency: 1,
    evaluate: (architectures) => Effect.forEach(architectures, (architecture) => evaluateOne(architecture, epochs)),
    after
  })
  return after(protocol.epochs)
})

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}

/** What a folder holds of an architecture; a damaged record counts as none. */
const readKnown = (folder: string, architecture: string) =>
  Effect.gen(function* () {
    const file = join(folder, RESULT)
    if (!existsSync(file)) return undefined
    const text = yield* Effect.try({ try: () => readFileSync(file, "utf8"), catch: (error) => failed(folder, error) })
    const known = yield* Effect.option(Schema.decode(json)(text))
    return known._tag === "Some" && known.value.architecture === architecture ? known.value : undefined
  })

/** Keep what is known, and of a training that is complete nothing else. */
const writeKnown = (folder: string, known: typeof KnownTraining.Type, complete: boolean) =>
  Effect.try({
    try: () => {
      mkdirSync(folder, { recursive: true })
      const file = join(folder, RESULT)
      writeFileSync(`${file}.draft`, `${Schema.encodeSync(json)(known)}\n`)
      renameSync(`${file}.draft`, file)
      if (!complete) return
      for (const other of readdirSync(folder)) if (other !== RESULT) rmSync(join(folder, other), { force: true })
    },
    catch: (error) => failed(folder, error)
  })

function failed(place: string, error: unknown): CheckpointError {
  return new CheckpointError({ place, detail: error instanceof Error ? error.message : String(error) })
}
