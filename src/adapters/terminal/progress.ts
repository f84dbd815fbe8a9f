import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** Where progress goes: usually the process's standard error. */
export interface ProgressTarget {
  readonly isTTY?: boolean | undefined
  readonly write: (text: string) => unknown
}

/** Milliseconds between two progress lines, on a terminal and elsewhere. */
const INTERVAL = { terminal: 100, plain: 5000 } as const

/**
 * A reporter of progress that prints at most now and then: on a terminal one line that is rewritten, elsewhere plain lines.
 * `clear` removes the terminal's line.
 */
export const makeProgress = Effect.fn("makeProgress")(function* (target: ProgressTarget) {
  const terminal = target.isTTY === true
  let last = yield* Clock.currentTimeMillis
  let shown = false
  return {
    show: (text: () => string) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        if (now - last < (terminal ? INTERVAL.terminal : INTERVAL.plain)) return
        last = now
        shown = true
        target.write(terminal ? `\r\x1b[K${text()}` : `${text()}\n`)
      }),
    clear: Effect.sync(() => {
      if (terminal && shown) target.write("\r\x1b[K")
    })
  }
})
