import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { batchesLayer } from "../../../bin/commands/_batches.ts"
import * as Folder from "../../../src/adapters/checkpoints/folder.ts"
import * as Memory from "../../../src/adapters/checkpoints/memory.ts"
import { eventRecords } from "../../../src/adapters/curves/event_file.ts"
import * as NoCurves from "../../../src/adapters/curves/none.ts"
import * as TensorBoard from "../../../src/adapters/curves/tensorboard.ts"
import * as Prefetch from "../../../src/adapters/datasets/prefetch.ts"
import * as Reference from "../../../src/adapters/tensor/reference.ts"
import { discretize } from "../../../src/domain/darts/discretize.ts"
import { gradientProgram } from "../../../src/domain/darts/loss_program.ts"
import { dartsSearch, type Method, plain } from "../../../src/domain/darts/method.ts"
import { DARTS_START } from "../../../src/domain/darts/record.ts"
import { DatasetError, type Samples } from "../../../src/domain/data/dataset.ts"
import { buildProgram } from "../../../src/domain/program/builder.ts"
import { copyNodes } from "../../../src/domain/program/copy.ts"
import { shapesOf } from "../../../src/domain/program/port.ts"
import { elementCount } from "../../../src/domain/program/program.ts"
import { keyOf, uniformAt } from "../../../src/domain/random.ts"
import { field, type Given } from "../../../src/domain/setting/field.ts"
import { real } from "../../../src/domain/setting/kind.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { Checkpoints } from "../../../src/effects/ports/checkpoints.ts"
import type { Curves } from "../../../src/effects/ports/curves.ts"
import { type Batches, SampleReader } from "../../../src/effects/ports/datasets.ts"
import type { TensorBackend } from "../../../src/effects/ports/tensor_backend.ts"
import { runDartsSearch } from "../../../src/effects/programs/darts_search.ts"
import type { DartsPlan } from "../../../src/effects/programs/darts_step.ts"
import { failure, run } from "../../_effect.ts"
import { cellNetwork } from "../../domain/darts/_networks.ts"
import { programsOf, searchOf } from "../../domain/darts/_steps.ts"

const EXAMPLES = 8

const reader = SampleReader({
  size: EXAMPLES,
  read: (indices) =>
    Effect.sync((): Samples => {
      const images = Float32Array.from({ length: indices.length * 192 }, (_, i) => {
        const image = indices[Math.floor(i / 192)]!
        return uniformAt(keyOf(`image/${image}`), i % 192) + (image % 3)
      })
      return { shape: [3, 8, 8], images, labels: Int32Array.from(indices, (image) => image % 3) }
    })
})

const programs = programsOf(searchOf("darts"), cellNetwork)
const initial = new Map(
  [...shapesOf(programs.weightLayout)].map(
    ([name, shape]) =>
      [name, Float32Array.from({ length: elementCount(shape) }, (_, i) => uniformAt(keyOf(name), i) - 0.5)] as const
  )
)

function plan(settings: Given = {}, method: string = "na-darts"): DartsPlan {
  return {
    ...searchOf(method, { epochs: 2, batchSize: 2, ...settings }, "nas-bench-201"),
    space: builtinSpace("nas-bench-201"),
    network: cellNetwork,
    examples: EXAMPLES,
    seed: "7",
    initial,
    reader,
    request: (indices) => ({ indices, options: { classes: 3 } })
  }
}

const quiet = () => Effect.void
const search = (own: DartsPlan) => runDartsSearch(own, quiet)
const errorOf = (own: DartsPlan) =>
  Effect.matchEffect(search(own), {
    onFailure: Effect.succeed,
    onSuccess: () => Effect.dieMessage("the search did not fail")
  })
const alone = <A, E>(program: Effect.Effect<A, E, Batches | Checkpoints | Curves | TensorBackend>) =>
  Effect.provide(program, Layer.mergeAll(Memory.layer, NoCurves.layer, Reference.layer("f32"), Prefetch.layer()))

const test = suite("runDartsSearch()")

test("keeps a record of every epoch, and the architecture of the last", async () => {
  const outcome = await run(alone(search(plan({ neighbors: 2 }))))
  assert.is(outcome.epochs.length, 2)
  assert.is(outcome.architecture, outcome.epochs[1]!.architecture)
  assert.is(outcome.epoch, 1)
  for (const { weights, validation, skipShare, entropy } of outcome.epochs) {
    assert.ok(weights.loss > 0 && validation.loss > 0)
    assert.ok(weights.gap !== null && validation.gap !== null)
    assert.ok(skipShare >= 0 && skipShare <= 1 && entropy > 0 && entropy <= Math.log(5) + 1e-9)
  }
})

test("is DARTS without neighbors, bit for bit", async () => {
  const [darts, without] = [
    await run(alone(search(plan({}, "darts")))),
    await run(alone(search(plan({ neighbors: 0 }))))
  ]
  assert.equal(without.epochs, darts.epochs)
  assert.not.equal((await run(alone(search(plan({ neighbors: 1 }))))).epochs, darts.epochs)
})

test("β-DARTS and DARTS− are DARTS with a weight of 0, bit for bit, and other searches else", async () => {
  const darts = await run(alone(search(plan({}, "darts"))))
  for (const [method, weight] of [
    ["beta-darts", "betaWeight"],
    ["darts-minus", "auxiliarySkip"]
  ] as const) {
    assert.equal((await run(alone(search(plan({ [weight]: 0 }, method))))).epochs, darts.epochs)
    assert.not.equal((await run(alone(search(plan({}, method))))).epochs, darts.epochs)
  }
})

test("a method of one's own runs a whole search", async () => {
  const fields = { times: field(real({ from: 0 }), 1, "what the gradient of alpha is multiplied with") }
  const mine: Method<typeof fields> = {
    ...plain,
    name: "mine",
    summary: "DARTS with another gradient of alpha, read off without its first operation",
    source: "this test",
    fields,
    relaxation: () => ({}),
    alphaGradient: ({ times }, loss) => {
      const gradient = gradientProgram(loss, loss.alphas)
      return Either.getOrThrow(
        buildProgram((b) => {
          const { output } = copyNodes(b, gradient)
          for (const port of gradient.outputs.values())
            b.output(port, port.role === "gradient" ? b.scale(output(port), times) : output(port))
        })
      )
    },
    readOff: (_, space, relaxed) =>
      discretize(
        space,
        relaxed.map(([, ...rest]) => [0, ...rest])
      )
  }
  const searched = async (times: number) => {
    const given = { epochs: 2, batchSize: 2, times }
    const own = Either.getOrThrow(dartsSearch(mine, given, "nas-bench-201"))
    return run(alone(search({ ...plan({}, "darts"), ...own })))
  }
  const darts = await run(alone(search(plan({ readNone: false }, "darts"))))
  assert.equal((await searched(1)).epochs, darts.epochs)
  assert.not.equal((await searched(0)).epochs, darts.epochs)
})

test("ends with the same bits wherever it was interrupted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-"))
  try {
    const own = plan({ neighbors: 1 })
    const whole = await run(alone(search(own)))
    const layer = () =>
      Layer.mergeAll(Folder.layer(folder), TensorBoard.layer(folder), Reference.layer("f32"), batchesLayer())
    for (const steps of [1, 2]) {
      const stopped = Effect.gen(function* () {
        let done = 0
        const fiber = yield* Effect.fork(
          runDartsSearch(own, () => Effect.suspend(() => (++done === steps ? Effect.never : Effect.void)))
        )
        yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => done === steps })
        yield* Fiber.interrupt(fiber)
      })
      await run(Effect.provide(stopped, layer()))
    }
    assert.equal(await run(Effect.provide(search(own), layer())), whole)
    const curves = () =>
      eventRecords(readFileSync(join(folder, TensorBoard.EVENT_FILE))).flatMap(({ point }) => point ?? [])
    const expected = whole.epochs.map(({ epoch, validation }) => [epoch + 1, Math.fround(validation.loss)])
    const losses = () => curves().map(({ step, values }) => [step, values["loss/validation"]])
    assert.equal(losses(), expected, "every epoch is a point of the curves, once")
    rmSync(join(folder, TensorBoard.EVENT_FILE))
    const last = readdirSync(folder)
      .filter((name) => name.endsWith(".safetensors"))
      .sort()
      .at(-1)!
    assert.equal(await run(Effect.provide(search(own), layer())), whole, "a finished run is told again")
    assert.equal(losses(), expected, "and its curves are there again")
    const bytes = readFileSync(join(folder, last))
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(join(folder, last), bytes)
    assert.equal(await run(Effect.provide(search(own), layer())), whole, "a damaged checkpoint is passed over")
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("refuses a second process on the folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-"))
  try {
    const second = Effect.scoped(
      Effect.gen(function* () {
        yield* Layer.build(Folder.layer(folder))
        return yield* Effect.provide(Checkpoints, Folder.layer(folder))
      })
    )
    assert.match((await failure(second)).message, /another process/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("ends at once where the loss is NaN", async () => {
  const broken = {
    ...plan({ neighbors: 0 }),
    initial: new Map([...initial, ["param/classifier.bias", Float32Array.of(Number.NaN, 0, 0)]])
  }
  assert.match((await failure(alone(search(broken)))).message, /is NaN or infinite at step 1 of epoch 1/)
})

test("keeps no checkpoint with NaN, and goes on from the last one with another learning rate", async () => {
  const learning = (learningRate: number) => plan({ neighbors: 0, epochs: 2, learningRate })
  const errors = Effect.gen(function* () {
    const { save, latest } = yield* Checkpoints
    const whole = yield* search(learning(0.01))
    const after = yield* latest
    yield* save({
      ...after!,
      record: JSON.stringify({ ...DARTS_START, epoch: 1, epochs: whole.epochs.slice(0, 1) })
    })
    const error = yield* errorOf(learning(1e38))
    const kept = yield* latest
    return { whole, error, kept, cured: yield* search(learning(0.02)) }
  })
  const { whole, error, kept, cured } = await run(alone(errors))
  assert.match(error.message, /is NaN or infinite at step .* of epoch 2; give a lower `learningRate` \(it was 1e\+38\)/)
  assert.ok([...kept!.tensors.values()].every(({ data }) => Array.from(data).every(Number.isFinite)))
  assert.is(JSON.parse(kept!.record).epochs.length, 1)
  assert.equal(cured.epochs[0], whole.epochs[0])
  assert.is(cured.epochs.length, 2)
})

test("a last step that makes NaN weights ends the search too", async () => {
  const own = { ...plan({ neighbors: 0, epochs: 1, first: "alpha", learningRate: 1e39 }), examples: 4 }
  const program = Effect.gen(function* () {
    const error = yield* errorOf(own)
    return { error, kept: yield* (yield* Checkpoints).latest }
  })
  const { error, kept } = await run(alone(program))
  assert.match(error.message, /".*" has a NaN or infinite value/)
  assert.is(kept, undefined)
})

test("keeps its place where data cannot be read", async () => {
  let broken = true
  const own = plan({ neighbors: 0, epochs: 1 })
  const failing = {
    ...own,
    reader: SampleReader({
      size: EXAMPLES,
      read: (indices) =>
        Effect.suspend(() => {
          reads += 1
          const bad = broken && reads === 4
          return bad
            ? Effect.fail(new DatasetError({ dataset: "images", reason: "damaged", detail: "replace it" }))
            : reader.read(indices)
        })
    })
  }
  let reads = 0
  const stopped = Effect.gen(function* () {
    const error = yield* errorOf(failing)
    const { latest } = yield* Checkpoints
    const kept = yield* latest
    broken = false
    return { error, kept, outcome: yield* search(failing) }
  })
  const { error, kept, outcome } = await run(alone(stopped))
  assert.match(error.message, /Cannot read dataset "images": replace it/)
  assert.is(JSON.parse(kept!.record).step, 1)
  assert.equal(outcome, await run(alone(search(own))))
})

test("finds the eigenvalue of every epoch and stops by its rule", async () => {
  const [every, second] = [
    await run(alone(search(plan({ neighbors: 0, eigenvalue: true, eigenvalueBatches: 1 })))),
    await run(alone(search(plan({ neighbors: 0, eigenvalue: true, eigenvalueEvery: 2, eigenvalueBatches: 1 }))))
  ]
  assert.ok(every.epochs.every(({ eigenvalue }) => Number.isFinite(eigenvalue)))
  assert.equal(
    second.epochs.map(({ eigenvalue }) => eigenvalue),
    [null, every.epochs[1]!.eigenvalue]
  )
  const ruled = await run(
    alone(
      search(
        plan({
          neighbors: 0,
          epochs: 4,
          alphaLearningRate: 0.5,
          stopRule: true,
          stopWindow: 1,
          stopRatio: 0.999,
          stopFloor: 0,
          eigenvalueBatches: 1
        })
      )
    )
  )
  const values = ruled.epochs.map(({ eigenvalue }) => eigenvalue!)
  const grown = values.findIndex((value, i) => i > 0 && value > 0 && values[i - 1]! < 0.999 * value)
  assert.is(ruled.stopped, grown > 0)
  if (grown > 0) assert.is(ruled.epoch, grown - 1)
})

test("an eigenvalue is that of the mean loss over batches that stay the same", async () => {
  const still = { alphaLearningRate: 0, learningRate: 0, lastLearningRate: 0 }
  const values = async (eigenvalueBatches: number) => {
    const own = plan({ neighbors: 0, epochs: 3, ...still, eigenvalue: true, eigenvalueBatches })
    const outcome = await run(alone(search(own)))
    return outcome.epochs.map(({ eigenvalue }) => eigenvalue!)
  }
  const [one, two, many] = [await values(1), await values(2), await values(9)]
  const close = (a: number, b: number) => Math.abs(a - b) < 2e-3 * Math.abs(b)
  for (const same of [one, two])
    assert.ok(
      same.every((value) => close(value, same[0]!)),
      `${same}`
    )
  assert.not.ok(close(one[0]!, two[0]!), "other images have another eigenvalue")
  assert.equal(many, two, "four validation images are two batches")
})

test("reads off after the epoch that is asked for, and ends there, with the bits of a whole search", async () => {
  const own = plan({ neighbors: 1, epochs: 4 })
  const whole = await run(alone(search(own)))
  const asked = await run(alone(search({ ...own, settings: { ...own.settings, readEpoch: 2 } })))
  assert.equal(asked.epochs, whole.epochs.slice(0, 2))
  assert.equal([asked.epoch, asked.stopped, asked.architecture], [1, false, whole.epochs[1]!.architecture])
})

test.run()
