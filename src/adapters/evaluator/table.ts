import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { type Architecture, architectureKey } from "../../domain/architecture/architecture.ts"
import { ReportedScore, ValidationLoss } from "../../domain/score/score.ts"
import { type Benchmark, benchmarkColumn, benchmarkIdentity, completeColumn } from "../../domain/table/benchmark.ts"
import type { TableError } from "../../domain/table/table.ts"
import { EvaluationError, Evaluator } from "../../effects/ports/evaluator.ts"
import { Reporter } from "../../effects/ports/reporter.ts"

/**
 * How a benchmark answers a search: the only column that a searcher sees, and what an evaluation
 * costs.
 */
interface TableEvaluatorOptions {
  readonly benchmark: Benchmark
  /** The column that is the search's score. */
  readonly score: string
  /** Whether a larger score is better. */
  readonly maximize: boolean
  /**
   * The column that an evaluation costs, times `costFactor`, in seconds. None: evaluations are
   * free.
   */
  readonly cost: string | undefined
  readonly costFactor: number
}

/**
 * Losses by row of the first table: the score column, its sign turned where a larger score is
 * better.
 */
export function tableLosses(
  options: Pick<TableEvaluatorOptions, "benchmark" | "score" | "maximize">
): Either.Either<Float64Array, TableError> {
  return Either.map(completeColumn(options.benchmark, options.score), (scores) =>
    options.maximize ? scores.map((score) => -score) : scores
  )
}

/**
 * An evaluator that looks losses up. Fails where a column is missing or lacks a number;
 * `withNumbers` leaves out the architectures that have none.
 */
export const layer = (options: TableEvaluatorOptions): Layer.Layer<Evaluator, TableError> =>
  Layer.effect(
    Evaluator,
    Effect.gen(function* () {
      const [table] = options.benchmark.tables
      const losses = yield* tableLosses(options)
      const costs = options.cost === undefined ? undefined : yield* completeColumn(options.benchmark, options.cost)
      const direction = options.maximize ? "maximize" : "minimize"
      const cost = options.cost === undefined ? "" : `/${options.cost}*${options.costFactor}`
      const evaluateOne = (architecture: Architecture) => {
        const row = table.rowOf(architecture)
        const seconds = costs === undefined ? 0 : costs[row]! * options.costFactor
        return { loss: ValidationLoss(losses[row]!), seconds }
      }
      return {
        identity: `table/${benchmarkIdentity(options.benchmark)}/${direction}/${options.score}${cost}`,
        admits: (architecture: Architecture) => table.rowOf(architecture) >= 0,
        batch: 4096,
        concurrency: 1,
        evaluate: (architectures: ReadonlyArray<Architecture>) => {
          const unknown = architectures.find((architecture) => table.rowOf(architecture) < 0)
          return unknown === undefined
            ? Effect.sync(() => architectures.map(evaluateOne))
            : new EvaluationError({ architecture: architectureKey(unknown), reason: "unknown_architecture" })
        }
      }
    })
  )

/**
 * Reports columns of a benchmark; a number that is missing stays so. Fails where a column is
 * missing.
 */
export const reporterLayer = (
  benchmark: Benchmark,
  columns: ReadonlyArray<string>
): Layer.Layer<Reporter, TableError> =>
  Layer.effect(
    Reporter,
    Effect.gen(function* () {
      const [table] = benchmark.tables
      const values = yield* Effect.forEach(columns, (name) =>
        Effect.map(benchmarkColumn(benchmark, name), (column) => [name, column] as const)
      )
      return {
        report: (architecture: Architecture) => {
          const row = table.rowOf(architecture)
          return new Map(
            values.map(([name, column]) => {
              const value = row < 0 ? Number.NaN : column[row]!
              return [name, Number.isNaN(value) ? undefined : ReportedScore(value)]
            })
          )
        }
      }
    })
  )
