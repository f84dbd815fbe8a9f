import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { APPLICATION_ID, openRun, RUN_FILE, SCHEMA_VERSION } from "../../../src/adapters/run_store/sqlite.ts"
import { openStoredRun } from "../../../src/adapters/run_store/stored_run.ts"
import { type Outcome, type RecordedEvaluation, RunStore } from "../../../src/effects/ports/run_store.ts"
import { failure, run } from "../../_effect.ts"

const test = suite("openRun()")
let folder = ""
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), "na-nas-"))
})
test.after.each(() => rmSync(folder, { recursive: true, force: true }))

const record = { version: 2, algorithm: "rs", settings: { samples: 7 }, evaluator: "test" } as const

/** Use the store of the run in the folder; begin the run where it is new. */
const using = <A, E>(program: Effect.Effect<A, E, RunStore>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const open = yield* openRun(folder)
      if (open.record === undefined) yield* open.begin(record)
      return yield* Effect.provide(program, open.layer)
    })
  )

const entry = {
  sequence: 0,
  architecture: "012",
  loss: -0.1,
  evaluations: 5,
  uniqueEvaluations: 4,
  simulatedSeconds: 1 / 3
}
const outcome: Outcome = {
  version: 3,
  architecture: "012",
  loss: Number.MIN_VALUE,
  ownLoss: null,
  ownDiverged: true,
  samples: 1,
  evaluations: 5,
  uniqueEvaluations: 4,
  diverged: 2,
  simulatedSeconds: 0.1 + 0.2,
  stop: "samples"
}
const evaluations: ReadonlyArray<RecordedEvaluation> = [
  { architecture: "012", loss: 0.1 + 0.2, seconds: 1e-300 },
  { architecture: "111", loss: Number.POSITIVE_INFINITY, seconds: 2, diverged: true },
  { architecture: "210", loss: -1.7976931348623157e308, seconds: 0 }
]

test("what was written is there when the run is opened again, to the last bit", async () => {
  await run(
    using(
      Effect.gen(function* () {
        const store = yield* RunStore
        yield* store.record("test", evaluations)
        yield* store.journal(0, [entry])
        yield* store.finish(3, outcome)
      })
    )
  )
  const found = await run(
    using(
      Effect.gen(function* () {
        const store = yield* RunStore
        yield* store.journal(0, [entry])
        return {
          recorded: yield* store.recorded("test"),
          other: yield* store.recorded("other"),
          outcomes: yield* store.outcomes
        }
      })
    )
  )
  assert.equal(found, { recorded: evaluations, other: [], outcomes: new Map([[3, outcome]]) })
  const open = await run(Effect.scoped(openRun(folder)))
  assert.equal(open.record, record)
})

test("a journal that disagrees is refused, and so is an evaluation recorded twice", async () => {
  await run(using(Effect.flatMap(RunStore, (store) => store.journal(0, [entry]))))
  const other = using(Effect.flatMap(RunStore, (store) => store.journal(0, [{ ...entry, loss: 0 }])))
  assert.is((await failure(other)).reason, "mismatch")
  await run(using(Effect.flatMap(RunStore, (store) => store.record("test", evaluations))))
  const twice = using(Effect.flatMap(RunStore, (store) => store.record("test", evaluations)))
  assert.is((await failure(twice)).reason, "storage")
})

test("a write that fails leaves nothing of itself", async () => {
  const half = [evaluations[0]!, evaluations[1]!, evaluations[0]!]
  await failure(using(Effect.flatMap(RunStore, (store) => store.record("test", half))))
  const kept = await run(using(Effect.flatMap(RunStore, (store) => store.recorded("test"))))
  assert.equal(kept, [])
})

test("a second opener is refused while the first holds the run", async () => {
  const error = await run(Effect.scoped(Effect.zipRight(openRun(folder), Effect.flip(Effect.scoped(openRun(folder))))))
  assert.is(error.reason, "locked")
  await run(using(Effect.void))
})

test("readers neither block a run nor are blocked by it, while it goes on and when it is shown", async () => {
  const { default: Driver } = await import("libsql")
  const file = join(folder, RUN_FILE)
  const count = (database: InstanceType<typeof Driver>) =>
    Object.values(database.prepare("SELECT count(*) FROM evaluation").get() as object)[0]
  let reader = new Driver(":memory:")
  await run(
    using(
      Effect.gen(function* () {
        const store = yield* RunStore
        yield* store.record("test", evaluations.slice(0, 1))
        reader = new Driver(file)
        reader.exec("BEGIN")
        assert.is(count(reader), 1)
        yield* store.record("test", evaluations.slice(1))
        assert.is(count(reader), 1, "the reader's transaction sees what it began with")
        reader.exec("COMMIT; BEGIN")
        assert.is(count(reader), 3)
      })
    )
  )
  const shown = await run(using(Effect.flatMap(RunStore, (store) => store.recorded("test"))))
  assert.equal(shown, evaluations)
  reader.exec("COMMIT")
  reader.close()
})

test("the database tells what it is, and lies in one file when the run is closed", async () => {
  await run(using(Effect.flatMap(RunStore, (store) => store.record("test", evaluations))))
  assert.equal(readdirSync(folder).sort(), ["run.lock", RUN_FILE])
  const header = new DataView(new Uint8Array(readFileSync(join(folder, RUN_FILE))).buffer)
  assert.is(header.getUint32(60), SCHEMA_VERSION, "user_version")
  assert.is(header.getUint32(68), APPLICATION_ID)
})

test("a run made before its database told what it is opens, and tells it from then on", async () => {
  await run(using(Effect.flatMap(RunStore, (store) => store.record("test", evaluations))))
  const { default: Driver } = await import("libsql")
  const database = new Driver(join(folder, RUN_FILE))
  database.exec("PRAGMA journal_mode = DELETE; PRAGMA application_id = 0; PRAGMA user_version = 0")
  database.close()
  assert.equal(await run(using(Effect.flatMap(RunStore, (store) => store.recorded("test")))), evaluations)
  const header = new DataView(new Uint8Array(readFileSync(join(folder, RUN_FILE))).buffer)
  assert.equal([header.getUint32(60), header.getUint32(68)], [SCHEMA_VERSION, APPLICATION_ID])
})

test("another program's database is refused and left as it is", async () => {
  const { default: Driver } = await import("libsql")
  const database = new Driver(join(folder, RUN_FILE))
  database.exec("PRAGMA application_id = 1234; CREATE TABLE theirs (x)")
  database.close()
  const before = readFileSync(join(folder, RUN_FILE))
  const error = await failure(Effect.scoped(openRun(folder)))
  assert.is(error.reason, "not_a_run")
  assert.match(error.message, "a database of another program")
  assert.ok(readFileSync(join(folder, RUN_FILE)).equals(before))
})

test("a file that is no run is refused and left as it is", async () => {
  writeFileSync(join(folder, RUN_FILE), "this is no database, and it is long enough to be read as one".repeat(100))
  const error = await failure(Effect.scoped(openRun(folder)))
  assert.is(error.reason, "not_a_run")
})

test("a run of another version, or with unknown settings, is refused", async () => {
  await run(using(Effect.void))
  const { default: Driver } = await import("libsql")
  const change = (sql: string) => {
    const database = new Driver(join(folder, RUN_FILE))
    database.exec(sql)
    database.close()
  }
  change("UPDATE run SET version = 99")
  assert.is((await failure(Effect.scoped(openRun(folder)))).reason, "version")
  change(`UPDATE run SET version = 4, record = '{"version":1,"settings":{},"evaluator":""}'`)
  assert.is((await failure(Effect.scoped(openRun(folder)))).reason, "not_a_run")
})

test("a folder that cannot be made is one clear error", async () => {
  writeFileSync(join(folder, "file"), "")
  const error = await failure(Effect.scoped(openRun(join(folder, "file", "run"))))
  assert.is(error.reason, "storage")
  assert.not.match(error.message, "\n")
})

test.run()

const stored = suite("openStoredRun()")

stored("continues with its own settings, and refuses others and another evaluator by name", async () => {
  const place = mkdtempSync(join(tmpdir(), "na-nas-"))
  const begin = (samples: number | undefined, evaluator: string) =>
    Effect.scoped(
      Effect.gen(function* () {
        const asked = { algorithm: "na-rs", settings: { samples } }
        const run = yield* openStoredRun(place, samples === undefined ? undefined : () => Effect.succeed(asked))
        yield* run.begin({ ...asked, evaluator })
        return run.record?.settings.samples
      })
    )
  rmSync(place, { recursive: true })
  assert.is((await failure(begin(undefined, "table"))).message.includes("contains no run"), true)
  assert.not.ok(existsSync(place))
  assert.is(await run(begin(7, "table")), undefined)
  assert.is(await run(begin(7, "table")), 7)
  assert.is(await run(begin(undefined, "table")), 7)
  assert.match((await failure(begin(8, "table"))).message, "another `samples`")
  assert.match((await failure(begin(7, "changed"))).message, "its table has changed")
  rmSync(place, { recursive: true, force: true })
})

stored.run()
