import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** Where progress goes: usually the process's standard error. */
export interface ProgressTarget {
  readonly isTTY?: boolean | undefined
  readonly write: (text: string) => unknown
}

/** Milliseconds between two progress lines, on a terminal and elsewhere. */
const INTERVAL = { terminal: 100, plain: 5000 } as const

/** Milliseconds after which a busy search lets the process hear its signals. */
const PAUSE = 50

/**
 * A reporter of progress that prints at most now and then: on a terminal one line that is rewritten, elsewhere plain lines.
 * `clear` removes the terminal's line. Showing progress also gives way to the platform's own events, Ctrl-C among them.
 */
export const makeProgress = Effect.fn("makeProgress")(function* (target: ProgressTarget) {
  const terminal = target.isTTY === true
  const interval = terminal ? INTERVAL.terminal : INTERVAL.plain
  let printed = yield* Clock.currentTimeMillis
  let paused = printed
  let shown = false
  return {
    show: Effect.fnUntraced(function* (text: () => string) {
      const now = yield* Clock.currentTimeMillis
      if (now - printed >= interval) {
        printed = now
        shown = true
        target.write(terminal ? `\r\x1b[K${text()}` : `${text()}\n`)
      }
      if (now - paused < PAUSE) return
      yield* Effect.sleep("1 millis")
      paused = yield* Clock.currentTimeMillis
    }),
    clear: Effect.sync(() => {
      if (terminal && shown) target.write("\r\x1b[K")
    })
  }
})
