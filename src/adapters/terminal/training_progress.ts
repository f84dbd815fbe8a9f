import * as Effect from "effect/Effect"
import type { TrainingProgress } from "../../effects/programs/train_network.ts"
import { duration } from "../../report/duration.ts"
import { makeProgress, type ProgressTarget } from "./progress.ts"

/** The progress of a training on a terminal or in a log, and what an interruption says. */
export const trainingProgress = Effect.fn("trainingProgress")(function* (target: ProgressTarget, kept: boolean) {
  const progress = yield* makeProgress(target)
  let last: TrainingProgress | undefined
  return {
    show: (now: TrainingProgress) => {
      last = now
      return progress.show(() => trainingLine(now))
    },
    clear: progress.clear,
    interrupted: Effect.sync(() => {
      const far = last === undefined ? "" : ` in epoch ${last.epoch + 1}, after step ${last.step}`
      target.write(
        `\ninterrupted${far}; ${kept ? "the same command continues there" : "nothing is kept without --run FOLDER"}\n`
      )
    })
  }
})

/** One line: where the training is, its means over the epoch, its speed and the time left. */
export function trainingLine(now: TrainingProgress): string {
  const perStep = now.done === 0 ? 0 : now.milliseconds / now.done
  const left = (now.epochs - now.epoch) * now.steps - now.step
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
