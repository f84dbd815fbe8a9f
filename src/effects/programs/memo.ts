import * as Effect from "effect/Effect"
import { type Architecture, architectureKey, architectureOfKey } from "../../domain/architecture/architecture.ts"
import { type Identifier, standIn } from "../../domain/architecture/identity.ts"
import { spaceSize } from "../../domain/architecture/membership.ts"
import { isEnumerable, ordinalOf } from "../../domain/architecture/ordinal.ts"
import { type Evaluation, ValidationLoss } from "../../domain/score/score.ts"
import type { Space } from "../../domain/space/space.ts"
import { type ArchitectureEvaluator, EvaluationError, Evaluator } from "../ports/evaluator.ts"
import { RunStore } from "../ports/run_store.ts"
import { SearchError } from "./search_error.ts"

/**
 * The evaluations known to this process: those recorded in the run, and those made since.
 * Architectures that are the same network share one, that of the member which stands for them.
 */
export interface Memo {
  /** What evaluates the architectures that it lacks. */
  readonly evaluator: ArchitectureEvaluator
  /** Equal for architectures that share an evaluation: what is charged once. */
  readonly keyOf: (architecture: Architecture) => number | string
  readonly get: (architecture: Architecture) => Evaluation | undefined
  /** The architecture whose evaluation an architecture has. */
  readonly evaluated: (architecture: Architecture) => Architecture
  /** `architecture` stands for its network. */
  readonly set: (architecture: Architecture, evaluation: Evaluation) => void
}

/**
 * Gives the memo of the evaluator's own trainings, by `undefined`, or of those that end after so
 * many epochs.
 */
export type Memos = Effect.Effect.Success<ReturnType<typeof openMemos>>

/**
 * The memos of a run: of the evaluator's own trainings (`undefined`), and of those that end after
 * so many epochs.
 */
export const openMemos = Effect.fn("openMemos")(function* (space: Space, identifier: Identifier) {
  const evaluator = yield* Evaluator
  const memos = new Map<number | undefined, Memo>()
  return Effect.fnUntraced(function* (epochs: number | undefined) {
    const known = memos.get(epochs)
    if (known !== undefined) return known
    const own = epochs === undefined ? evaluator : evaluator.after?.(epochs)
    if (own === undefined)
      return yield* new SearchError({ problem: "successive halving needs an evaluator that trains" })
    const memo = yield* openMemo(space, identifier, own)
    memos.set(epochs, memo)
    return memo
  })
})

/** The memo of an evaluator: starts with all that the run store recorded under its identity. */
export const openMemo = Effect.fn("openMemo")(function* (
  space: Space,
  identifier: Identifier,
  evaluator: ArchitectureEvaluator
) {
  const store = yield* RunStore
  const evaluated = standIn(identifier, evaluator.admits)
  const byKey = new Map<string, Evaluation>()
  for (const { architecture, loss, ...rest } of yield* store.recorded(evaluator.identity)) {
    byKey.set(architecture, { ...rest, loss: ValidationLoss(loss) })
  }
  const memo = isEnumerable(space) ? numberedMemo(space, identifier, evaluated, byKey) : keyedMemo(evaluated, byKey)
  return { ...memo, evaluator }
})

type Memory = Omit<Memo, "evaluator">

function keyedMemo(evaluated: Memo["evaluated"], byKey: Map<string, Evaluation>): Memory {
  const keyOf = (architecture: Architecture) => architectureKey(evaluated(architecture))
  return {
    keyOf,
    evaluated,
    get: (architecture) => byKey.get(keyOf(architecture)),
    set: (architecture, evaluation) => void byKey.set(architectureKey(architecture), evaluation)
  }
}

/** Millions of look-ups in a typed array instead of texts. */
function numberedMemo(
  space: Space,
  { identity }: Identifier,
  evaluated: Memo["evaluated"],
  recorded: ReadonlyMap<string, Evaluation>
): Memory {
  const size = spaceSize(space)
  const byOrdinal = new Array<Evaluation | undefined>(size)
  for (const [key, evaluation] of recorded) byOrdinal[ordinalOf(space, architectureOfKey(key))] = evaluation
  const known = new Int32Array(identity === "exact" ? 0 : size).fill(-1)
  const keyOf = (architecture: Architecture) => {
    const ordinal = ordinalOf(space, architecture)
    if (identity === "exact") return ordinal
    if (known[ordinal]! < 0) known[ordinal] = ordinalOf(space, evaluated(architecture))
    return known[ordinal]!
  }
  return {
    keyOf,
    evaluated,
    get: (architecture) => byOrdinal[keyOf(architecture)],
    set: (architecture, evaluation) => {
      byOrdinal[ordinalOf(space, architecture)] = evaluation
    }
  }
}

/**
 * Evaluate what the memo lacks, each network once; every evaluation is recorded as soon as its call
 * ends.
 */
export const fillMemo = Effect.fn("fillMemo")(function* (
  memo: Memo,
  wanted: ReadonlyArray<ReadonlyArray<Architecture>>
) {
  const { evaluator } = memo
  const store = yield* RunStore
  const missing = new Map<number | string, Architecture>()
  for (const architectures of wanted) {
    for (const architecture of architectures) {
      const key = memo.keyOf(architecture)
      if (memo.get(architecture) === undefined && !missing.has(key)) missing.set(key, memo.evaluated(architecture))
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
        Effect.tap((evaluations) => faultOf(evaluations, architectures) ?? Effect.void),
        Effect.flatMap((evaluations) => {
          for (const [i, evaluation] of evaluations.entries()) memo.set(architectures[i]!, evaluation)
          const records = evaluations.map((one, i) => ({ architecture: architectureKey(architectures[i]!), ...one }))
          return Effect.uninterruptible(store.record(evaluator.identity, records))
        })
      ),
    { concurrency: evaluator.concurrency, discard: true }
  )
})

/**
 * What is wrong with an evaluator's reply: it needs one evaluation per architecture, and no NaN.
 */
function faultOf(
  evaluations: ReadonlyArray<Evaluation>,
  architectures: ReadonlyArray<Architecture>
): EvaluationError | undefined {
  const count = evaluations.length === architectures.length
  const at = count ? evaluations.findIndex(({ loss }) => Number.isNaN(loss)) : 0
  if (at < 0) return undefined
  const detail = count
    ? "the evaluator gave the loss NaN; give Infinity where a training diverged"
    : `the evaluator gave ${evaluations.length} evaluations for ${architectures.length} architectures; give one each`
  return new EvaluationError({ architecture: architectureKey(architectures[at]!), reason: "failed", detail })
}
