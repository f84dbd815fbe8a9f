import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import * as Memory from "../../../src/adapters/checkpoints/memory.ts"
import { makeTrainEvaluator, type TrainEvaluatorOptions } from "../../../src/adapters/evaluator/train.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { changedProtocol, type ProtocolChanges, TRAINING_PROTOCOLS } from "../../../src/domain/training/protocol.ts"
import { subjectOf } from "../../../src/domain/training/subject.ts"
import { openTrainingImages, planTraining, type TrainingData } from "../../../src/effects/programs/plan_training.ts"
import { trainNetwork } from "../../../src/effects/programs/train_network.ts"
import { failure, run } from "../../_effect.ts"
import { datasets, MACHINE } from "../../effects/programs/_trainings.ts"

const space = builtinSpace("nas-bench-201")
const ARCHITECTURE = [3, 0, 1, 4, 0, 2]
const SMALL = { channels: 2, cells: 1, epochs: 2, batchSize: 4, crop: 0 }
const WILD = { learningRate: 1e30, clip: 0 }

interface Given {
  readonly changes?: ProtocolChanges
  readonly data?: Partial<TrainingData>
  readonly options?: Partial<TrainEvaluatorOptions>
}

const setUp = ({ changes, data, options }: Given, folder: string) =>
  Effect.gen(function* () {
    const protocol = changedProtocol(TRAINING_PROTOCOLS["nas-bench-201"], { ...SMALL, ...changes })
    const images = yield* openTrainingImages({ dataset: "mnist", validation: 0.5, seed: "0", ...data }, protocol)
    const own: TrainEvaluatorOptions = {
      space,
      protocol,
      images,
      measure: "error",
      threads: 1,
      folder,
      onProgress: () => Effect.void,
      ...options
    }
    return { own, at: yield* makeTrainEvaluator(own) }
  })
const services = () => Layer.mergeAll(MACHINE, datasets(), NodeContext.layer)

/** Run with a folder that is removed afterwards. */
async function withFolder<A>(use: (folder: string) => Promise<A>): Promise<A> {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-train-"))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const evaluated = (folder: string, epochs: number, given: Given = {}) =>
  Effect.flatMap(setUp(given, folder), ({ at }) => at.after!(epochs).evaluate([ARCHITECTURE])).pipe(
    Effect.map(([evaluation]) => evaluation!.loss),
    Effect.provide(services())
  )
const files = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.\w+$/.test(name))

const test = suite("makeTrainEvaluator()")

test("scores by the validation images after a training, and keeps nothing but the numbers of a complete one", () =>
  withFolder(async (folder) => {
    const alone = Effect.gen(function* () {
      const { own } = yield* setUp({}, folder)
      const { plan } = yield* planTraining(own.protocol, subjectOf(space, ARCHITECTURE, ""), own.images, false)
      return yield* trainNetwork(plan, () => Effect.void)
    })
    const { position } = await run(Effect.provide(alone, Layer.merge(services(), Memory.layer)))
    const { accuracy, loss, images } = position.epochs[1]!.validation!
    assert.is(images, 10)
    assert.is(await run(evaluated(folder, 2)), 1 - accuracy)
    assert.is(await run(evaluated(folder, 2, { options: { measure: "cross-entropy" } })), loss)
    assert.is(files(folder).length, 1)
  }))

test("trains nothing twice, also after a damage, and goes on where a shorter training ended", () =>
  withFolder(async (folder) => {
    const steps: Array<string> = []
    const given: Given = {
      options: { onProgress: ({ epoch, step }) => Effect.sync(() => steps.push(`${epoch}/${step}`)) }
    }
    const first = await run(evaluated(folder, 1, given))
    assert.equal(steps.splice(0), ["0/1", "0/2"])
    assert.is(await run(evaluated(folder, 1, given)), first)
    assert.equal(steps, [])
    const second = await run(evaluated(folder, 2, given))
    assert.equal(steps.splice(0), ["1/1", "1/2"])
    assert.is(await run(evaluated(folder, 1, given)), first)
    assert.equal(steps, [])
    const file = join(folder, files(folder)[0]!)
    writeFileSync(file, readFileSync(file, "utf8").slice(0, 50))
    assert.is(await run(evaluated(folder, 2, given)), second)
    assert.is(steps.length, 4)
  }))

test("is another evaluator wherever its losses could differ", () =>
  withFolder(async (folder) => {
    const identity = (given: Given, epochs = 2) =>
      run(Effect.map(setUp(given, folder), ({ at }) => at.after!(epochs).identity).pipe(Effect.provide(services())))
    const identities = await Promise.all([
      identity({}),
      identity({}, 1),
      identity({ changes: { weightDecay: 0.1 } }),
      identity({ changes: { epochs: 3 } }),
      identity({ data: { seed: "1" } }),
      identity({ data: { validation: 0.4 } }),
      identity({ data: { images: 16 } }),
      identity({ options: { threads: 2 } }),
      identity({ options: { measure: "cross-entropy" } }),
      identity({ options: { space: builtinSpace("s2") } })
    ])
    assert.is(new Set(identities).size, identities.length)
    assert.is(await identity({}), identities[0])
  }))

test("a training that diverges has the worst loss of the measure, and is known for it", () =>
  withFolder(async (folder) => {
    const steps: Array<string> = []
    const onProgress: TrainEvaluatorOptions["onProgress"] = ({ epoch, step }) =>
      Effect.sync(() => steps.push(`${epoch}/${step}`))
    const of = (measure: TrainEvaluatorOptions["measure"], epochs = 2) =>
      Effect.flatMap(setUp({ changes: WILD, options: { measure, onProgress } }, folder), ({ at }) =>
        at.after!(epochs).evaluate([ARCHITECTURE])
      ).pipe(
        Effect.map(([evaluation]) => evaluation!),
        Effect.provide(services()),
        run
      )
    const { seconds, ...first } = await of("error")
    assert.equal(first, { loss: 1, diverged: true })
    assert.ok(seconds > 0)
    assert.is(files(folder).length, 1, "its checkpoints are gone")
    const record = JSON.parse(readFileSync(join(folder, files(folder)[0]!), "utf8"))
    assert.match(record.diverged, /NaN or infinite .* of epoch 1; give a lower `learningRate`/)
    const made = steps.length
    assert.equal(await of("cross-entropy"), { loss: Number.POSITIVE_INFINITY, seconds, diverged: true })
    assert.equal(await of("error", 1), { loss: 1, seconds, diverged: true })
    assert.is(steps.length, made, "it is not trained again")
  }))

test("the epochs before a training diverged count", () =>
  withFolder(async (folder) => {
    const changes = { ...WILD, learningRate: 0.01, schedule: { _tag: "Constant", first: 0.01 } } as const
    const good = await run(evaluated(folder, 1, { changes }))
    assert.ok(good < 1)
    const [file] = files(folder).filter((name) => name.endsWith("result.json"))
    const known = JSON.parse(readFileSync(join(folder, file!), "utf8"))
    writeFileSync(join(folder, file!), JSON.stringify({ ...known, diverged: "the state is NaN or infinite" }))
    assert.is(await run(evaluated(folder, 1, { changes })), good)
    assert.is(await run(evaluated(folder, 2, { changes })), 1)
  }))

test("what fails is no divergence", () =>
  withFolder(async (folder) => {
    const file = join(folder, "file")
    writeFileSync(file, "")
    const error = await failure(evaluated(file, 2))
    assert.match(error.message, /Cannot evaluate architecture "301402": Cannot keep/)
  }))

test.run()
