import * as Effect from "effect/Effect"
import type { DartsProgress } from "../../effects/programs/darts_search.ts"
import { makeForecast } from "../../report/forecast.ts"
import { SHORTER } from "../../report/run_plan.ts"
import { makeProgress, type ProgressTarget } from "./progress.ts"

/** The progress of a gradient search on a terminal or in a log, and what an interruption says. */
export const dartsProgress = Effect.fn("dartsProgress")(function* (target: ProgressTarget, kept: boolean) {
  const progress = yield* makeProgress(target)
  const forecast = makeForecast(SHORTER.search)
  let last: DartsProgress | undefined
  return {
    show: Effect.fnUntraced(function* (now: DartsProgress) {
      last = now
      const told = forecast(now, stepsLeft(now))
      if (told !== undefined) yield* progress.note(told)
      yield* progress.show(() => progressLine(now))
    }),
    note: progress.note,
    clear: progress.clear,
    /** Share of the time that the steps waited for batches, from 0 to 1; none without steps. */
    inputWait: Effect.sync(() => (last === undefined ? undefined : inputWait(last))),
    interrupted: Effect.sync(() => {
      const far = last === undefined ? "" : ` in epoch ${last.epoch + 1}, after step ${last.step}`
      target.write(
        `\ninterrupted${far}; ${kept ? "the same command continues there" : "nothing is kept without --run FOLDER"}\n`
      )
    })
  }
})

function inputWait({ waited, milliseconds }: DartsProgress): number {
  return waited / Math.max(1, milliseconds)
}

/** Steps that are left to the search, if no rule stops it. */
function stepsLeft({ epochs, epoch, steps, step }: DartsProgress): number {
  return (epochs - epoch) * steps - step
}

/** One line: where the search is, its means over the epoch, its speed and the time left. */
export function progressLine(now: DartsProgress): string {
  const perStep = now.done === 0 ? 0 : now.milliseconds / now.done
  const left = stepsLeft(now)
  const seconds = Math.round((left * perStep) / 1000)
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
  const both = (text: (level: "weights" | "alpha") => string) => `${text("weights")}/${text("alpha")}`
  const parts = [
    `epoch ${now.epoch + 1}/${now.epochs}, step ${now.step}/${now.steps}`,
    `loss ${both((level) => now.loss[level].toFixed(3))}`,
    `accuracy ${both((level) => (100 * now.accuracy[level]).toFixed(1))} %`,
    ...(now.skipShare === undefined ? [] : [`skips ${(100 * now.skipShare).toFixed(0)} %`]),
    `${perStep.toFixed(0)} ms/step`,
    `input wait ${(100 * inputWait(now)).toFixed(1)} %`,
    `${clock} left`
  ]
  return parts.join(", ")
}
