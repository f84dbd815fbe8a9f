import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import * as Folder from "../../../src/adapters/checkpoints/folder.ts"
import * as Memory from "../../../src/adapters/checkpoints/memory.ts"
import type { Architecture } from "../../../src/domain/architecture/architecture.ts"
import { makeBatch } from "../../../src/domain/data/batch.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { pathInputs, pathRows } from "../../../src/domain/supernet/paths.ts"
import { Checkpoints } from "../../../src/effects/ports/checkpoints.ts"
import { trainNetwork } from "../../../src/effects/programs/train_network.ts"
import { type SupernetPlan, trainSupernet } from "../../../src/effects/programs/train_supernet.ts"
import { failure, run } from "../../_effect.ts"
import { evaluate } from "../../domain/program/_programs.ts"
import { planOfSupernet } from "./_supernets.ts"
import { MACHINE } from "./_trainings.ts"

const CELLS: ReadonlyArray<Architecture> = [
  [3, 3, 3, 3, 3, 3],
  [1, 1, 1, 1, 1, 1],
  [0, 4, 2, 1, 3, 0]
]
const quiet = () => Effect.void

/** Scores of some cells, and the tensors that they are of. */
const scores = (plan: SupernetPlan, cells = CELLS) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { score } = yield* trainSupernet(plan, quiet)
      const found = yield* Effect.forEach(cells, score)
      const kept = yield* Effect.flatMap(Checkpoints, ({ latest }) => latest)
      return {
        found,
        tensors: [...(kept?.tensors ?? plan.training.initial)].map(
          ([name, { data }]) => [name, Array.from(data)] as const
        )
      }
    })
  )
const alone = (plan: SupernetPlan) => Effect.provide(scores(plan), Layer.merge(MACHINE, Memory.layer))

const test = suite("trainSupernet()")

test("scores are means over validation batches with the trained weights", async () => {
  for (const measure of ["error", "cross-entropy"] as const) {
    const plan = await run(planOfSupernet({}, { measure }))
    assert.is(plan.validation.length, 2)
    const { found, tensors } = await run(alone(plan))
    for (const [i, cell] of CELLS.entries()) {
      let expected = 0
      for (const indices of plan.validation) {
        const samples = await run(plan.training.train.read(indices))
        const { x, targets } = makeBatch(samples, indices, plan.request(indices).options)
        const path = pathRows(builtinSpace("nas-bench-201"), cell).flat()
        const batch: ReadonlyArray<readonly [string, ArrayLike<number>]> = [
          ["x", x],
          ["targets", targets],
          ["path/cell", path]
        ]
        const out = evaluate(plan.program, new Map([...tensors, ...batch]))
        expected += (measure === "error" ? 1 - out.get("correct")![0]! / 4 : out.get("loss")![0]!) / 2
      }
      const { loss } = found[i]!
      assert.ok(Math.abs(loss - expected) < 1e-5, `${measure} of ${cell}: ${loss} ${expected}`)
    }
  }
})

test("every step takes one path, drawn anew", async () => {
  const plan = await run(planOfSupernet())
  const drawn = ["a", "b", "a"].map((seed) => String(plan.training.inputs!(seed).get("path/cell")!.data))
  assert.is(drawn[0], drawn[2])
  assert.is.not(drawn[0], drawn[1])
  assert.equal(drawn[0]!.split(",").filter((share) => share === "1").length, 6)
  const seeds: Array<string> = []
  const inputs = (seed: string) => {
    seeds.push(seed)
    return plan.training.inputs!(seed)
  }
  await run(alone({ ...plan, training: { ...plan.training, inputs } }))
  assert.is(new Set(seeds).size, 6, "2 epochs of 3 steps")
})

test("a path that is taken again and again learns", async () => {
  const plan = await run(planOfSupernet({ epochs: 8, learningRate: 0.1 }))
  const path = pathInputs(plan.space, plan.shape, CELLS[0]!)
  const { position } = await run(
    Effect.provide(trainNetwork({ ...plan.training, inputs: () => path }, quiet), Layer.merge(MACHINE, Memory.layer))
  )
  const losses = position.epochs.map(({ training }) => training.loss)
  assert.ok(losses.at(-1)! < 0.6 * losses[0]!, losses.join(" "))
})

test("ends with the same bits and scores wherever it was interrupted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-"))
  try {
    const plan = await run(planOfSupernet({ crop: 1 }))
    const whole = await run(alone(plan))
    const layer = () => Layer.merge(Folder.layer(folder), MACHINE)
    for (const steps of [1, 3]) {
      const stopped = Effect.gen(function* () {
        let done = 0
        const fiber = yield* Effect.fork(
          Effect.scoped(
            trainSupernet(plan, () => Effect.suspend(() => (++done === steps ? Effect.never : Effect.void)))
          )
        )
        yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => done === steps })
        yield* Fiber.interrupt(fiber)
      })
      await run(Effect.provide(stopped, layer()))
    }
    assert.equal(await run(Effect.provide(scores(plan), layer())), whole)
    assert.equal(await run(Effect.provide(scores(plan), layer())), whole, "a finished one is read")
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("a training that diverges is an error; an architecture whose loss is NaN is the worst", async () => {
  const plan = await run(planOfSupernet())
  const [name, { shape, data }] = [...plan.training.initial].find(([one]) => one.includes("classifier"))!
  const full = (value: number) =>
    new Map([...plan.training.initial, [name, { shape, data: Float32Array.from(data, () => value) }]])
  const error = await failure(alone({ ...plan, training: { ...plan.training, initial: full(Number.NaN) } }))
  assert.match(
    String(error.message),
    /Cannot search: of the supernet, the training loss is NaN or infinite at step 1 of epoch 1; give a lower `learningRate` .*, and another folder/
  )
  for (const [measure, loss] of [
    ["error", 1],
    ["cross-entropy", Number.POSITIVE_INFINITY]
  ] as const) {
    const scored = await run(planOfSupernet({}, { measure }))
    const { found } = await run(alone({ ...scored, training: { ...plan.training, initial: full(3e38), epochs: 0 } }))
    assert.equal(
      found,
      CELLS.map(() => ({ loss, seconds: 0, diverged: true }))
    )
  }
})

test.run()

const planned = suite("planSupernet()")

planned("scores on images that no weight has seen, at most as many as there are", async () => {
  const plan = await run(planOfSupernet({}, { scoreBatches: 1 }))
  assert.is(plan.validation.length, 1)
  const trained = new Set(plan.training.parts.training)
  assert.is(trained.size, 12)
  assert.not.ok(plan.validation.some((images) => images.some((image) => trained.has(image))))
  const many = await failure(planOfSupernet({}, { scoreBatches: 3 }))
  assert.match(String(many.message), /`scoreBatches`.*3 are asked for, and the 8 validation images fill 2 of 4/)
  const few = await failure(planOfSupernet({}, { validation: 0.1 }))
  assert.match(String(few.message), /2 validation images fill 0 of 4/)
})

planned.run()
