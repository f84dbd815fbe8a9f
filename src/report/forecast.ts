/** How far the steps of this process are. */
interface StepsDone {
  readonly done: number
  readonly milliseconds: number
}

/**
 * Steps and milliseconds behind the first step, which compiles, from which a forecast is made: so
 * many, or so long.
 */
const STEPS = 3
const SHORT = 2000
const LONG = 10_000

/**
 * Seconds of a run from which on it is told how to make it shorter, and below which nothing is
 * told.
 */
const TOO_LONG = 600
const AT_ONCE = 5

/**
 * Makes what says once, from the first steps, about how long the rest of a run takes; of a run that
 * takes over ten minutes, how to make it shorter. `shorter` names the settings of the command that
 * do.
 */
export function makeForecast(shorter: string): (now: StepsDone, left: number) => string | undefined {
  let first: StepsDone | undefined
  let told = false
  return (now, left) => {
    if (told) return undefined
    first ??= now
    const [steps, span] = [now.done - first.done, now.milliseconds - first.milliseconds]
    if (steps < 1 || !((steps >= STEPS && span >= SHORT) || span >= LONG)) return undefined
    told = true
    const seconds = (left * span) / steps / 1000
    if (seconds < AT_ONCE) return undefined
    const about = `about ${roughly(seconds)} to go, ${(span / steps / 1000).toPrecision(2)} s a step`
    return seconds < TOO_LONG ? about : `${about}; for a shorter run ${shorter}`
  }
}

/** A time as people say it: seconds, minutes, hours or days. */
export function roughly(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes`
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} hours`
  return `${Math.round(seconds / 86_400)} days`
}
