import * as Effect from "effect/Effect"
import type { TrainingProgress } from "../../effects/programs/train_network.ts"
import { duration } from "../../report/duration.ts"
import { makeForecast } from "../../report/forecast.ts"
import { makeProgress, type ProgressTarget } from "./progress.ts"

/** How the progress of trainings is told. */
interface TrainingProgressOptions {
  readonly kept: boolean
  /** What makes the run shorter. */
  readonly shorter: string
  /**
   * Epochs of all trainings together, where there are several; the forecast is made from the first.
   */
  readonly totalEpochs?: number
  /** Before every line. */
  readonly prefix?: string
}

/**
 * The progress of trainings on a terminal or in a log, about how long they take, and what an
 * interruption says.
 */
export const trainingProgress = Effect.fn("trainingProgress")(function* (
  target: ProgressTarget,
  { kept, shorter, totalEpochs, prefix = "" }: TrainingProgressOptions
) {
  const progress = yield* makeProgress(target)
  const forecast = makeForecast(shorter)
  let last: TrainingProgress | undefined
  return {
    show: Effect.fnUntraced(function* (now: TrainingProgress) {
      last = now
      const told = forecast(now, stepsLeft({ ...now, epochs: totalEpochs ?? now.epochs }))
      if (told !== undefined) yield* progress.note(totalEpochs === undefined ? told : `all trainings: at most ${told}`)
      yield* progress.show(() => `${prefix}${trainingLine(now)}`)
    }),
    note: progress.note,
    clear: progress.clear,
    interrupted: Effect.sync(() => {
      const far = last === undefined ? "" : ` in epoch ${last.epoch + 1}, after step ${last.step}`
      target.write(
        `\ninterrupted${far}; ${kept ? "the same command continues there" : "nothing is kept without --run FOLDER"}\n`
      )
    })
  }
})

function stepsLeft({ epochs, epoch, steps, step }: TrainingProgress): number {
  return (epochs - epoch) * steps - step
}

/** One line: where the training is, its means over the epoch, its speed and the time left. */
function trainingLine(now: TrainingProgress): string {
  const perStep = now.done === 0 ? 0 : now.milliseconds / now.done
  const left = stepsLeft(now)
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  return [
    `epoch ${now.epoch + 1}/${now.epochs}, step ${now.step}/${now.steps}`,
    `loss ${now.training.loss.toFixed(3)}`,
    `accuracy ${percent(now.training.accuracy)}`,
    ...(now.validation === null ? [] : [`validation ${percent(now.validation.accuracy)}`]),
    `${perStep.toFixed(0)} ms/step`,
    `input ${percent(now.waited / Math.max(1, now.milliseconds))}`,
    `${duration((left * perStep) / 1000)} left`
  ].join(", ")
}
