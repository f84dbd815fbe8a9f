import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import * as Folder from "../../../src/adapters/checkpoints/folder.ts"
import * as Memory from "../../../src/adapters/checkpoints/memory.ts"
import { eventRecords } from "../../../src/adapters/curves/event_file.ts"
import * as TensorBoard from "../../../src/adapters/curves/tensorboard.ts"
import { makeBatch } from "../../../src/domain/data/batch.ts"
import { DatasetError } from "../../../src/domain/data/dataset.ts"
import { Checkpoints } from "../../../src/effects/ports/checkpoints.ts"
import { Curves } from "../../../src/effects/ports/curves.ts"
import { SampleReader } from "../../../src/effects/ports/datasets.ts"
import { type HostValues, TensorBackend } from "../../../src/effects/ports/tensor_backend.ts"
import { upload } from "../../../src/effects/programs/device_state.ts"
import { type Trained, type TrainingPlan, trainNetwork } from "../../../src/effects/programs/train_network.ts"
import { failure, run } from "../../_effect.ts"
import { MACHINE, planOf } from "./_trainings.ts"

const quiet = () => Effect.void
const alone = (plan: TrainingPlan) => trainNetwork(plan, quiet).pipe(Effect.provide(Layer.merge(MACHINE, Memory.layer)))

/** What a training ended with, without the time that it took. */
function bits({ position, tensors }: Trained) {
  const { seconds: _, ...rest } = position
  return { ...rest, tensors: [...tensors].map(([name, { data }]) => [name, Array.from(data)]) }
}

const test = suite("trainNetwork()")

test("learns, validates every epoch on images held out, and tests once at the end", async () => {
  const ledger: Array<number> = []
  const { plan } = await run(planOf({ epochs: 6 }, { ledger }))
  const { position } = await run(alone(plan))
  const [first, last] = [position.epochs[0]!, position.epochs.at(-1)!]
  assert.ok(last.training.loss < 0.7 * first.training.loss, `${first.training.loss} -> ${last.training.loss}`)
  assert.is(position.epochs.length, 6)
  for (const { training, validation, steps } of position.epochs)
    assert.equal([training.images, validation?.images, steps], [16, 4, 4])
  assert.equal(position.test?.images, 7)
  assert.equal(ledger, [0, 1, 2, 3, 4, 5, 6])
  const held = new Set(plan.parts.validation)
  assert.is(held.size, 4)
  assert.not.ok(plan.parts.training.some((image) => held.has(image)))
})

test("shows its curves at the begin and after every epoch, all points each time", async () => {
  const shown: Array<ReadonlyArray<number>> = []
  const watched = Layer.succeed(Curves, {
    show: (points) => Effect.sync(() => void shown.push(points.map(({ step }) => step)))
  })
  const { plan } = await run(planOf({ epochs: 3 }))
  const { position } = await run(
    trainNetwork(plan, quiet).pipe(Effect.provide(Layer.mergeAll(MACHINE, Memory.layer, watched)))
  )
  assert.is(position.epochs.length, 3)
  assert.equal(shown, [[], [1], [1, 2], [1, 2, 3]])
})

test("measures as one image at a time would", async () => {
  const { plan } = await run(planOf())
  const program = Effect.gen(function* () {
    const backend = yield* TensorBackend
    const { position, tensors } = yield* trainNetwork(plan, quiet)
    const executable = yield* Effect.flatMap(plan.measure.program(1), backend.compile)
    let [loss, correct] = [0, 0]
    for (let i = 0; i < 7; i++) {
      const indices = Int32Array.of(i)
      const samples = yield* plan.test!.read(indices)
      const { x, targets, shape } = makeBatch(samples, indices, plan.measure.request(indices).options)
      const given: ReadonlyArray<readonly [string, HostValues]> = [
        ...tensors,
        ["x", { shape, data: x }],
        ["targets", { shape: [1, 3], data: targets }]
      ]
      const outputs = yield* executable.run(yield* upload(given))
      loss += (yield* backend.download(outputs.get("loss")!))[0]!
      correct += (yield* backend.download(outputs.get("correct")!))[0]!
    }
    assert.ok(Math.abs(position.test!.loss - loss / 7) < 1e-5, `${position.test!.loss} ${loss / 7}`)
    assert.ok(Math.abs(position.test!.accuracy - correct / 7) < 1e-6)
  })
  await run(program.pipe(Effect.scoped, Effect.provide(Layer.merge(MACHINE, Memory.layer))))
})

test("ends with the same bits wherever it was interrupted, and tests once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-"))
  try {
    const ledger: Array<number> = []
    const { plan } = await run(planOf({ dropPath: 0.3 }, { ledger }))
    const whole = bits(await run(alone(plan)))
    ledger.length = 0
    const layer = () => Layer.mergeAll(MACHINE, Folder.layer(folder), TensorBoard.layer(folder))
    for (const steps of [1, 2, 2]) {
      const stopped = Effect.gen(function* () {
        let done = 0
        const fiber = yield* Effect.fork(
          trainNetwork(plan, () => Effect.suspend(() => (++done === steps ? Effect.never : Effect.void)))
        )
        yield* Effect.repeat(Effect.sleep("2 millis"), { until: () => done === steps })
        yield* Fiber.interrupt(fiber)
      })
      await run(Effect.provide(stopped, layer()))
    }
    assert.equal(ledger, [], "nothing of the test is seen before the end")
    assert.equal(bits(await run(Effect.provide(trainNetwork(plan, quiet), layer()))), whole)
    const steps: Array<number> = []
    const again = trainNetwork(plan, ({ step }) => Effect.sync(() => steps.push(step)))
    assert.equal(bits(await run(Effect.provide(again, layer()))), whole, "a finished run is told again")
    assert.equal(steps, [])
    assert.equal(ledger, [0, 1, 2, 3, 4, 5, 6])
    const curves = () =>
      eventRecords(readFileSync(join(folder, TensorBoard.EVENT_FILE))).flatMap(({ point }) => point ?? [])
    const losses = () => curves().map(({ step, values }) => [step, values["loss/training"], values["loss/validation"]])
    const expected = whole.epochs.map(({ epoch, training, validation }) => [
      epoch + 1,
      Math.fround(training.loss),
      Math.fround(validation!.loss)
    ])
    assert.equal(losses(), expected, "every epoch is a point of the curves, once")
    rmSync(join(folder, TensorBoard.EVENT_FILE))
    assert.equal(bits(await run(Effect.provide(trainNetwork(plan, quiet), layer()))), whole)
    assert.equal(losses(), expected, "and its curves are there again")
    const damage = (count: number) => {
      const names = readdirSync(folder).filter((name) => name.startsWith("checkpoint-"))
      for (const name of names.sort().slice(-count)) writeFileSync(join(folder, name), "damaged")
    }
    damage(1)
    assert.equal(bits(await run(Effect.provide(trainNetwork(plan, quiet), layer()))), whole, "one is passed over")
    damage(2)
    const lost = await failure(Effect.provide(trainNetwork(plan, quiet), layer()))
    assert.match(lost.message, /checkpoint-\d+.safetensors and .* are damaged; restore one of them/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("goes on from fewer epochs to more as if it had never stopped", async () => {
  const { plan } = await run(planOf({ epochs: 3 }))
  const first: TrainingPlan = { ...plan, epochs: 1, test: undefined }
  const continued = Effect.gen(function* () {
    const short = yield* trainNetwork(first, quiet)
    assert.is(short.position.epochs.length, 1)
    assert.is(short.position.test, null)
    const untested = yield* trainNetwork({ ...plan, test: undefined }, quiet)
    assert.equal([untested.position.epochs.length, untested.position.test], [3, null])
    return yield* trainNetwork(plan, quiet)
  })
  const made = bits(await run(Effect.provide(continued, Layer.merge(MACHINE, Memory.layer))))
  assert.equal(made, bits(await run(alone(plan))))
})

test("other seeds, masks and smoothing give other weights", async () => {
  const weights = async (...given: Parameters<typeof planOf>) =>
    bits(await run(alone((await run(planOf(...given))).plan))).tensors
  const base = await weights()
  assert.equal(await weights(), base)
  assert.not.equal(await weights({}, { data: { seed: "1" } }), base)
  assert.not.equal(await weights({ dropPath: 0.5 }), base)
  assert.not.equal(await weights({ labelSmoothing: 0.5 }), base)
})

/** The plan, begun with one tensor full of a value. */
function begunWith(plan: TrainingPlan, name: string, value: number): TrainingPlan {
  const { shape, data } = plan.initial.get(name)!
  return { ...plan, initial: new Map([...plan.initial, [name, { shape, data: Array.from(data, () => value) }]]) }
}

test("ends at once where a loss is NaN, and says what cures it", async () => {
  const { plan } = await run(planOf({ learningRate: 0.125, clip: 3 }))
  const messageOf = async (own: TrainingPlan) => (await failure(alone(own))).message
  assert.is(
    await messageOf(begunWith(plan, "param/classifier.bias", Number.NaN)),
    "Cannot go on: the training loss is NaN or infinite at step 1 of epoch 1; give a lower `learningRate` (it was 0.125) or a smaller `clip` (it was 3): a run that is kept goes on with them from its last checkpoint"
  )
  const late = begunWith(plan, "buffer/lastact.0.running_mean", -3e38)
  assert.match(await messageOf(late), "the validation loss is NaN or infinite after epoch 1; give")
  const unvalidated = { ...late, parts: { ...plan.parts, validation: new Int32Array() } }
  assert.match(
    await messageOf(unvalidated),
    /the test loss is NaN or infinite after epoch 2; give .*, in another folder/
  )
})

test("keeps no checkpoint with NaN, and goes on from the last one with another learning rate", async () => {
  const learning = async (learningRate: number, epochs: number) => {
    const { plan } = await run(planOf({ learningRate, epochs: 2 }))
    return { ...plan, epochs, test: undefined }
  }
  const [calm, wild, cure] = [await learning(0.01, 1), await learning(1e38, 2), await learning(0.02, 2)]
  const { first, error, kept, cured } = await run(
    Effect.gen(function* () {
      const { latest } = yield* Checkpoints
      const first = yield* trainNetwork(calm, quiet)
      const error = yield* Effect.flip(trainNetwork(wild, quiet))
      return { first, error, kept: yield* latest, cured: yield* trainNetwork(cure, quiet) }
    }).pipe(Effect.provide(Layer.merge(MACHINE, Memory.layer)))
  )
  assert.match(error.message, /is NaN or infinite at step \d of epoch 2; give a lower `learningRate`/)
  assert.ok([...kept!.tensors.values()].every(({ data }) => Array.from(data).every(Number.isFinite)))
  assert.is(JSON.parse(kept!.record).epochs.length, 1)
  assert.equal(cured.position.epochs[0], first.position.epochs[0])
  assert.is(cured.position.epochs.length, 2)
})

test("a last step that makes NaN weights ends the training too", async () => {
  const { plan } = await run(planOf({ learningRate: 1e39, epochs: 1, batchSize: 16 }))
  const { error, kept } = await run(
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        trainNetwork({ ...plan, parts: { ...plan.parts, validation: new Int32Array() } }, quiet)
      )
      return { error, kept: yield* (yield* Checkpoints).latest }
    }).pipe(Effect.provide(Layer.merge(MACHINE, Memory.layer)))
  )
  assert.match(error.message, "the state is NaN or infinite after epoch 1; give")
  assert.is(kept, undefined)
})

test("keeps its place where data cannot be read", async () => {
  const { plan } = await run(planOf())
  let left = 2
  const failing: TrainingPlan = {
    ...plan,
    train: SampleReader({
      size: plan.train.size,
      read: (indices) =>
        Effect.suspend(() =>
          left-- === 0
            ? Effect.fail(new DatasetError({ dataset: "images", reason: "damaged", detail: "replace it" }))
            : plan.train.read(indices)
        )
    })
  }
  const { error, kept, trained } = await run(
    Effect.gen(function* () {
      const error = yield* Effect.flip(trainNetwork(failing, quiet))
      const kept = yield* (yield* Checkpoints).latest
      return { error, kept, trained: yield* trainNetwork(failing, quiet) }
    }).pipe(Effect.provide(Layer.merge(MACHINE, Memory.layer)))
  )
  assert.match(error.message, 'Cannot read dataset "images": replace it')
  assert.is(JSON.parse(kept!.record).step, 2)
  assert.equal(bits(trained), bits(await run(alone(plan))))
})

test.run()
