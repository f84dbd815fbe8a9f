import * as Effect from "effect/Effect"
import type { SearchSettings } from "../../domain/searchers/settings.ts"
import type { RepeatProgress } from "../../effects/programs/repeat_search.ts"
import { number } from "../../report/search_report.ts"
import { makeProgress, type ProgressTarget } from "./progress.ts"

/** The progress of a search on a terminal or in a log, and what an interruption says. */
export const searchProgress = Effect.fn("searchProgress")(function* (
  target: ProgressTarget,
  settings: SearchSettings,
  kept: boolean
) {
  const progress = yield* makeProgress(target)
  const sign = settings.goal === "maximize" ? -1 : 1
  let last: RepeatProgress | undefined
  const line = (now: RepeatProgress) => {
    const seeds = now.repeat > 1 ? `seed ${now.repetition + 1} of ${now.repeat}, ` : ""
    const best = now.best === undefined ? "" : `, best ${number(sign * now.best.loss)}`
    return `${seeds}${now.samples} samples, ${now.evaluations} evaluations, ${now.uniqueEvaluations} unique${best}`
  }
  return {
    show: (now: RepeatProgress) => {
      last = now
      return progress.show(() => line(now))
    },
    note: progress.note,
    clear: progress.clear,
    interrupted: Effect.sync(() => {
      const far = last === undefined ? "" : ` after ${line(last)}`
      target.write(
        `\ninterrupted${far}; ${kept ? "the same command continues" : "nothing is kept without --run FOLDER"}\n`
      )
    })
  }
})
