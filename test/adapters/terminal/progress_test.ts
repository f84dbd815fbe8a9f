import { Writable } from "node:stream"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { progressLine } from "../../../src/adapters/terminal/darts_progress.ts"
import { makeProgress } from "../../../src/adapters/terminal/progress.ts"

/** A stream that keeps what is written. */
class Target extends Writable {
  readonly texts: Array<string> = []
  columns: number
  readonly rows = 0
  readonly isTTY: boolean
  constructor(columns: number, isTTY = true) {
    super()
    this.columns = columns
    this.isTTY = isTTY
  }
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.texts.push(chunk.toString("utf8"))
    done()
  }
}

const ESCAPE = String.fromCharCode(27)

/** The rows that a terminal shows after a text, of the escapes that erase rows and move the cursor. Rows that are too long go on in the next. */
function screen(text: string, columns: number): ReadonlyArray<string> {
  const rows: Array<string> = [""]
  let row = 0
  const tokens = text.match(new RegExp(`${ESCAPE}\\[[?\\d;]*[A-Za-z]|\\n|\\r|[^${ESCAPE}\\n\\r]`, "gu")) ?? []
  for (const token of tokens) {
    const command = token.startsWith(ESCAPE) ? token.at(-1)! : token
    if (command === "A") row -= Number(token.slice(2, -1) || 1)
    else if (command === "B") row += Number(token.slice(2, -1) || 1)
    else if (command === "K") rows[row] = ""
    else if (command === "\n" || (!token.startsWith(ESCAPE) && rows[row]!.length === columns)) {
      row += 1
      rows[row] ??= ""
    }
    if (!token.startsWith(ESCAPE) && token !== "\n" && token !== "\r") rows[row] += token
  }
  return rows.filter((one) => one !== "")
}

const LINE = progressLine({
  ...{ epoch: 11, epochs: 50, step: 123, steps: 390, done: 5, milliseconds: 9000, waited: 1, skipShare: 0.25 },
  ...{ loss: { weights: 1.25, alpha: 1.5 }, accuracy: { weights: 0.5, alpha: 0.25 } }
})

const show = (target: Target, times: number, after = 200) =>
  Effect.gen(function* () {
    const progress = yield* makeProgress(target)
    for (let i = 0; i < times; i++) {
      yield* TestClock.adjust(after)
      const shown = yield* Effect.fork(progress.show(() => `${i}: ${LINE}`))
      yield* TestClock.adjust(1)
      yield* shown.await
    }
    return progress
  })
const run = <A>(effect: Effect.Effect<A>) => Effect.runPromise(Effect.provide(effect, TestContext.TestContext))

const test = suite("makeProgress()")

for (const columns of [40, 60, 110])
  test(`a terminal of ${columns} columns shows the last text alone, whole`, async () => {
    assert.ok(LINE.length > 110)
    const target = new Target(columns)
    await run(show(target, 20))
    const rows = screen(target.texts.join(""), columns)
    assert.is(rows.join(""), `19: ${LINE}`)
  })

test("it follows a terminal that gets narrower", async () => {
  const target = new Target(60)
  await run(
    Effect.gen(function* () {
      const progress = yield* show(target, 3)
      target.columns = 40
      target.texts.length = 0
      for (let i = 0; i < 3; i++) {
        yield* TestClock.adjust(200)
        const shown = yield* Effect.fork(progress.show(() => `${i} ${LINE}`))
        yield* TestClock.adjust(1)
        yield* shown.await
      }
    })
  )
  for (const text of target.texts)
    for (const row of text.replaceAll(new RegExp(`${ESCAPE}\\[[?\\d;]*[A-Za-z]`, "g"), "").split("\n"))
      assert.ok(row.length <= 40, row)
})

test("a note stays above, and nothing is left of the text once it is cleared", async () => {
  const target = new Target(40)
  await run(
    Effect.gen(function* () {
      const progress = yield* show(target, 3)
      yield* progress.note("a note")
      yield* progress.clear
    })
  )
  assert.equal(screen(target.texts.join(""), 40), ["a note"])
})

test("elsewhere lines are plain, and fewer the longer it takes", async () => {
  const target = new Target(40, false)
  await run(show(target, 120, 300_000))
  assert.ok(target.texts.every((text) => text.endsWith(" left\n") && !text.includes(ESCAPE)))
  assert.ok(target.texts.length > 30 && target.texts.length < 80, `${target.texts.length}`)
})

test.run()
