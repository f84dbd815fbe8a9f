import { Writable } from "node:stream"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** Where progress goes: usually the process's standard error. */
export type ProgressTarget = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined
  /** Size of a terminal, which may change; 0 where nobody told it. */
  readonly columns?: number | undefined
  readonly rows?: number | undefined
}

/** A terminal that always has a size. */
class Sized extends Writable {
  readonly isTTY = true
  readonly #target: ProgressTarget
  constructor(target: ProgressTarget) {
    super()
    this.#target = target
  }
  get columns(): number {
    return this.#target.columns || 80
  }
  get rows(): number {
    return this.#target.rows || 24
  }
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.#target.write(chunk)
    done()
  }
}

/** Milliseconds between two lines of progress, on a terminal and at least elsewhere. */
const INTERVAL = { terminal: 100, plain: 5000 } as const

/**
 * Elsewhere a line comes after this share of the time that has passed, so that logs of long runs
 * stay short.
 */
const PLAIN_SHARE = 0.05

/** Milliseconds after which a busy search lets the process hear its signals. */
const PAUSE = 50

/**
 * A reporter of progress that prints at most now and then: on a terminal a text that is rewritten
 * in place, wrapped to its width; elsewhere plain lines, fewer the longer it takes. `note` leaves a
 * line above. `clear` removes the terminal's text. Showing progress also gives way to the
 * platform's own events, Ctrl-C among them.
 */
export const makeProgress = Effect.fn("makeProgress")(function* (target: ProgressTarget) {
  const terminal = target.isTTY === true && process.env.TERM !== "dumb"
  const update = terminal ? yield* makeUpdate(target) : undefined
  const begun = yield* Clock.currentTimeMillis
  let [printed, paused] = [begun, begun]
  return {
    show: Effect.fnUntraced(function* (text: () => string) {
      const now = yield* Clock.currentTimeMillis
      const interval = terminal ? INTERVAL.terminal : Math.max(INTERVAL.plain, PLAIN_SHARE * (now - begun))
      if (now - printed >= interval) {
        printed = now
        if (update === undefined) target.write(`${text()}\n`)
        else update(text())
      }
      if (now - paused < PAUSE) return
      yield* Effect.sleep("1 millis")
      paused = yield* Clock.currentTimeMillis
    }),
    note: (text: string) =>
      Effect.sync(() => {
        update?.clear()
        target.write(`${text}\n`)
      }),
    clear: Effect.sync(() => update?.clear())
  }
})

/** What rewrites a terminal's text. It is loaded for terminals alone. */
const makeUpdate = (target: ProgressTarget) =>
  Effect.promise(async () => {
    const { createLogUpdate } = await import("log-update")
    return createLogUpdate(new Sized(target), { showCursor: true })
  })
