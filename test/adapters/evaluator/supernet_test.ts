import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import * as Memory from "../../../src/adapters/checkpoints/memory.ts"
import * as Supernet from "../../../src/adapters/evaluator/supernet.ts"
import { type Architecture, architectureKey, architectureOfKey } from "../../../src/domain/architecture/architecture.ts"
import { planSpaceSearch } from "../../../src/domain/searchers/plan_search.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { Evaluator } from "../../../src/effects/ports/evaluator.ts"
import { TensorBackend, TensorError } from "../../../src/effects/ports/tensor_backend.ts"
import { repeatSearch } from "../../../src/effects/programs/repeat_search.ts"
import { failure, run } from "../../_effect.ts"
import * as MemoryRunStore from "../../effects/programs/_memory_run.ts"
import { settingsOf } from "../../effects/programs/_searches.ts"
import { planOfSupernet } from "../../effects/programs/_supernets.ts"
import { MACHINE } from "../../effects/programs/_trainings.ts"

const space = builtinSpace("nas-bench-201")
const supernet = await run(planOfSupernet({ epochs: 1 }, { scoreBatches: 1, measure: "cross-entropy" }))
const machine: Supernet.SupernetMachine = { backend: "reference", threads: undefined, data: "made up" }
const planned = { plan: supernet, identity: Supernet.supernetIdentity(supernet, machine) }
const layer = Supernet.layer(planned, () => Effect.void).pipe(Layer.provide(Layer.merge(MACHINE, Memory.layer)))

/** A search with the supernet, and the loss of each architecture that it evaluated. */
const searched = (given: Parameters<typeof settingsOf>[0], stored = MemoryRunStore.emptyRun()) =>
  Effect.gen(function* () {
    const evaluator = yield* Evaluator
    const ledger = new Map<string, number>()
    const watched = Layer.succeed(Evaluator, {
      ...evaluator,
      evaluate: (architectures: ReadonlyArray<Architecture>) =>
        Effect.tap(evaluator.evaluate(architectures), (evaluations) =>
          Effect.sync(() => {
            for (const [i, { loss }] of evaluations.entries()) ledger.set(architectureKey(architectures[i]!), loss)
          })
        )
    })
    const plan = yield* planSpaceSearch(settingsOf(given), space)
    const [outcome] = yield* repeatSearch(plan, { seed: "0", repeat: 1, onProgress: () => Effect.void }).pipe(
      Effect.provide(Layer.merge(watched, MemoryRunStore.layer(stored)))
    )
    return { outcome: outcome!, ledger }
  }).pipe(Effect.provide(layer))

const test = suite("the supernet as an evaluator")

for (const algorithm of ["rs", "evolution", "local-search"] as const)
  test(`${algorithm} finds the lowest loss of those that it asked for`, async () => {
    const { outcome, ledger } = await run(searched({ algorithm, samples: 12, population: 4 }))
    assert.is(outcome.samples, 12)
    assert.is(outcome.loss, Math.min(...ledger.values()))
    assert.is(ledger.get(outcome.architecture), outcome.loss)
    assert.ok(new Set(ledger.values()).size > 4, "architectures differ in the supernet")
  })

test("na-rs takes the mean over neighbors, and a continued search evaluates nothing twice", async () => {
  const stored = MemoryRunStore.emptyRun()
  const { outcome, ledger } = await run(searched({ algorithm: "na-rs", samples: 3, neighbors: 3 }, stored))
  assert.is(outcome.evaluations, 12)
  const center = architectureOfKey(outcome.architecture)
  const around = [...ledger].filter(
    ([key]) => architectureOfKey(key).filter((choice, i) => choice !== center[i]).length <= 1
  )
  const mean = around.reduce((sum, [, loss]) => sum + loss, 0) / around.length
  assert.is(around.length, 4)
  assert.ok(Math.abs(outcome.loss - mean) < 1e-12)
  stored.outcomes.clear()
  const again = await run(searched({ algorithm: "na-rs", samples: 3, neighbors: 3 }, stored))
  assert.equal(again.outcome, outcome)
  assert.is(again.ledger.size, 0)
})

test("admits members of the space alone", async () => {
  const { admits, identity } = await run(Effect.provide(Evaluator, layer))
  assert.ok(admits([0, 1, 2, 3, 4, 0]))
  assert.not.ok(admits([0, 1, 2, 3, 4, 5]))
  assert.is(identity, planned.identity)
})

test("a device that fails is an error of the architecture", async () => {
  for (const [reason, told] of [
    ["out_of_memory", "out_of_memory"],
    ["device_missing", "failed"]
  ] as const) {
    const failing = Layer.map(MACHINE, (services) => services).pipe(
      Layer.flatMap((services) =>
        Layer.mergeAll(
          Layer.succeedContext(services),
          Layer.effect(
            TensorBackend,
            Effect.map(TensorBackend, (backend) => ({
              ...backend,
              compile: (program: Parameters<typeof backend.compile>[0]) =>
                program === planned.plan.program
                  ? Effect.succeed({
                      run: () => new TensorError({ backend: "test", reason, detail: "the device is gone" })
                    })
                  : backend.compile(program)
            }))
          ).pipe(Layer.provide(Layer.succeedContext(services)))
        )
      )
    )
    const broken = Supernet.layer(planned, () => Effect.void).pipe(Layer.provide(Layer.merge(failing, Memory.layer)))
    const evaluated = Effect.flatMap(Evaluator, ({ evaluate }) => evaluate([[3, 3, 3, 3, 3, 3]]))
    const error = await failure(Effect.provide(evaluated, broken))
    assert.ok(error._tag === "EvaluationError")
    assert.equal([error.reason, error.architecture], [told, "333333"])
    assert.match(error.message, "the device is gone")
  }
})

test.run()

const identities = suite("supernetIdentity()")

identities("changes with all that scores depend on, and with nothing else", async () => {
  const of = async (
    changes: Parameters<typeof planOfSupernet>[0] = {},
    options: Parameters<typeof planOfSupernet>[1] = {},
    own: Partial<Supernet.SupernetMachine> = {}
  ) => Supernet.supernetIdentity(await run(planOfSupernet(changes, options)), { ...machine, ...own })
  const same = await of()
  assert.is(await of(), same)
  const others = [
    await of({ channels: 3 }),
    await of({ learningRate: 0.5 }),
    await of({}, { measure: "cross-entropy" }),
    await of({}, { scoreBatches: 1 }),
    await of({}, { seed: "1" }),
    await of({}, { validation: 0.5 }),
    await of({}, {}, { backend: "onnx" }),
    await of({}, {}, { threads: 1 }),
    await of({}, {}, { data: "other" })
  ]
  assert.is(new Set([same, ...others]).size, others.length + 1)
})

identities.run()
