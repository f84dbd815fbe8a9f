import * as Schema from "@effect/schema/Schema"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import * as Prefetch from "../../../src/adapters/datasets/prefetch.ts"
import * as Reference from "../../../src/adapters/tensor/reference.ts"
import { DatasetError } from "../../../src/domain/data/dataset.ts"
import { type Checkpoint, Checkpoints } from "../../../src/effects/ports/checkpoints.ts"
import { Curves } from "../../../src/effects/ports/curves.ts"
import type { HostValues } from "../../../src/effects/ports/tensor_backend.ts"
import { type Job, type OpenJob, resumable, type Work } from "../../../src/effects/programs/resumable.ts"
import { run } from "../../_effect.ts"

const Place = Schema.Struct({ epoch: Schema.Int, step: Schema.Int, seconds: Schema.Number })
type Place = typeof Place.Type
class Diverged extends Schema.TaggedError<Diverged>()("Diverged", { tensor: Schema.String }) {}

/** Steps that wait for 3 ms and take 5 s; two epochs of three. What they make of the tensor `w` is `value`. */
function jobOf(
  changes: Partial<{ value: (place: Place) => number; fails: (place: Place) => boolean; milliseconds: number }> = {}
): Job<Place, string, Place & Work, Diverged> {
  const { value = () => 1, fails = () => false, milliseconds = 5_000 } = changes
  const tensor = (of: number): ReadonlyMap<string, HostValues> => new Map([["w", { shape: [1], data: [of] }]])
  let now = 0
  return {
    position: Schema.parseJson(Place),
    start: { epoch: 0, step: 0, seconds: 0 },
    initial: tensor(0),
    isFinished: ({ epoch }) => epoch === 2,
    points: ({ epoch }) => Array.from({ length: epoch }, (_, i) => ({ step: i + 1, values: {} })),
    diverged: (_, name) => new Diverged({ tensor: name }),
    timed: (place, from, seconds) => ({ ...place, seconds: from.seconds + seconds }),
    open: (state) =>
      Effect.sync(() => {
        const { download } = state
        const told = (wanted: (name: string) => boolean) =>
          Effect.map(download(wanted), (all) => new Map([...all.keys()].map((name) => [name, [now]] as const)))
        Object.assign(state, { download: told })
        const open: OpenJob<Place, string, Place & Work, Diverged> = {
          steps: () => 3,
          take: (place) =>
            fails(place)
              ? Effect.fail(new DatasetError({ dataset: "d", reason: "damaged", detail: "replace it" }))
              : Effect.delay(Effect.succeed("batch"), 3),
          step: (place) =>
            Effect.map(Effect.sleep(milliseconds), () => {
              now = value(place)
              return { ...place, step: place.step + 1 }
            }),
          endEpoch: (place) => Effect.succeed({ ...place, epoch: place.epoch + 1, step: 0 }),
          progress: (place, work) => ({ ...place, ...work })
        }
        return open
      })
  }
}

/** A run of a job under a clock of the test, with all that it kept and showed. */
const running = (job: ReturnType<typeof jobOf>, kept: Array<Checkpoint> = [], interruptAfter?: number) =>
  Effect.gen(function* () {
    const told: Array<Place & Work> = []
    const curves: Array<number> = []
    const fiber = yield* Effect.fork(
      resumable(job, (now) => Effect.sync(() => void told.push(now))).pipe(
        Effect.provide(
          Layer.mergeAll(
            Layer.succeed(Checkpoints, {
              place: "memory",
              latest: Effect.sync(() => kept.at(-1)),
              save: (checkpoint) => Effect.sync(() => void kept.push(checkpoint))
            }),
            Layer.succeed(Curves, { show: (points) => Effect.sync(() => void curves.push(points.length)) }),
            Reference.layer("f32"),
            Prefetch.layer()
          )
        ),
        Effect.either
      )
    )
    for (let i = 0; i < (interruptAfter ?? 100); i++) yield* TestClock.adjust(1000)
    const ending = yield* Effect.fork(interruptAfter === undefined ? Fiber.await(fiber) : Fiber.interrupt(fiber))
    for (let i = 0; i < 20; i++) yield* TestClock.adjust(1000)
    const exit = yield* Fiber.join(ending)
    return { told, curves, kept, exit }
  }).pipe(Effect.provide(TestContext.TestContext))

const placesOf = (kept: ReadonlyArray<Checkpoint>) =>
  kept.map(({ record }) => {
    const { epoch, step } = JSON.parse(record)
    return [epoch, step]
  })

const test = suite("resumable()")

test("keeps a checkpoint after 30 seconds and after every epoch, and shows the curves of every epoch", async () => {
  const { told, curves, kept } = await run(running(jobOf({ milliseconds: 16_000 })))
  assert.equal(placesOf(kept), [
    [0, 2],
    [1, 0],
    [1, 2],
    [2, 0]
  ])
  assert.equal(curves, [0, 1, 2])
  assert.equal(
    told.map(({ done, step, waited }) => [done, step, waited]),
    [1, 2, 3, 4, 5, 6].map((done) => [done, ((done - 1) % 3) + 1, 3 * done])
  )
  assert.is(told[0]!.milliseconds, 16_003)
})

test("goes on where it was interrupted, and counts the seconds of both processes", async () => {
  const { kept } = await run(running(jobOf(), [], 8))
  assert.equal(placesOf(kept), [[0, 2]], "the step under way is made, and kept")
  const { told } = await run(running(jobOf(), kept))
  assert.is(told[0]!.done, 1)
  assert.is(told[0]!.step, 3)
  const { told: again, curves } = await run(running(jobOf(), kept))
  assert.equal([again.length, curves], [0, [2]], "a finished job makes no step")
  const seconds = kept.map(({ record }) => JSON.parse(record).seconds as number)
  assert.ok(
    seconds.every((value, i) => i === 0 || value > seconds[i - 1]!),
    `${seconds}`
  )
})

test("keeps its place where data cannot be read, and nothing that is NaN", async () => {
  const { kept, exit } = await run(running(jobOf({ fails: ({ epoch, step }) => epoch === 1 && step === 1 })))
  assert.match(String(exit), "DatasetError")
  assert.equal(placesOf(kept), [
    [1, 0],
    [1, 1]
  ])
  const broken = jobOf({ value: ({ epoch }) => (epoch === 1 ? Number.NaN : 1) })
  const { kept: finite, exit: ended } = await run(running(broken))
  assert.match(String(ended), /Diverged/)
  assert.equal(placesOf(finite), [[1, 0]])
  assert.equal(placesOf((await run(running(broken, [], 25))).kept), [[1, 0]], "nor when it is interrupted")
})

test.run()
