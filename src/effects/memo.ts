import * as Effect from "effect/Effect"
import { type Architecture, architectureKey } from "../domain/architecture/architecture.ts"
import { type Evaluation, ValidationLoss } from "../domain/search/score.ts"
import { spaceSize } from "../domain/space/membership.ts"
import { isEnumerable, ordinalOf } from "../domain/space/ordinal.ts"
import type { Space } from "../domain/space/space.ts"
import { Evaluator } from "./evaluator.ts"
import { RunStore } from "./run_store.ts"

/** The evaluations known to this process: those recorded in the run, and those made since. */
export interface Memo {
  readonly get: (architecture: Architecture) => Evaluation | undefined
  readonly set: (architecture: Architecture, evaluation: Evaluation) => void
}

/** The memo of a run: starts with all that the run store recorded under the evaluator's identity. */
export const openMemo = Effect.fn("openMemo")(function* (space: Space) {
  const [evaluator, store] = yield* Effect.all([Evaluator, RunStore])
  const numbered = isEnumerable(space)
  const byOrdinal = new Array<Evaluation | undefined>(numbered ? spaceSize(space) : 0)
  const byKey = new Map<string, Evaluation>()
  for (const { architecture, loss, ...rest } of yield* store.recorded(evaluator.identity)) {
    byKey.set(architecture, { ...rest, loss: ValidationLoss(loss) })
  }
  const memo: Memo = {
    get: (architecture) => {
      if (!numbered) return byKey.get(architectureKey(architecture))
      const known = byOrdinal[ordinalOf(space, architecture)]
      return known ?? (byKey.size > 0 ? byKey.get(architectureKey(architecture)) : undefined)
    },
    set: (architecture, evaluation) => {
      if (numbered) byOrdinal[ordinalOf(space, architecture)] = evaluation
      else byKey.set(architectureKey(architecture), evaluation)
    }
  }
  return memo
})

/** Evaluate what the memo lacks, each architecture once; every evaluation is recorded as soon as its call ends. */
export const fillMemo = Effect.fn("fillMemo")(function* (
  memo: Memo,
  wanted: ReadonlyArray<ReadonlyArray<Architecture>>
) {
  const [evaluator, store] = yield* Effect.all([Evaluator, RunStore])
  const missing = new Map<string, Architecture>()
  for (const architectures of wanted) {
    for (const architecture of architectures) {
      if (memo.get(architecture) === undefined) missing.set(architectureKey(architecture), architecture)
    }
  }
  if (missing.size === 0) return
  const all = [...missing.values()]
  const calls = Array.from({ length: Math.ceil(all.length / evaluator.batch) }, (_, i) =>
    all.slice(i * evaluator.batch, (i + 1) * evaluator.batch)
  )
  yield* Effect.forEach(
    calls,
    (architectures) =>
      evaluator.evaluate(architectures).pipe(
        Effect.flatMap((evaluations) => {
          for (const [i, evaluation] of evaluations.entries()) memo.set(architectures[i]!, evaluation)
          const records = evaluations.map((one, i) => ({ architecture: architectureKey(architectures[i]!), ...one }))
          return Effect.uninterruptible(store.record(evaluator.identity, records))
        })
      ),
    { concurrency: evaluator.concurrency, discard: true }
  )
})
