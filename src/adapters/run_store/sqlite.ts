import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import * as ParseResult from "@effect/schema/ParseResult"
import * as Schema from "@effect/schema/Schema"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type Database from "libsql"
import {
  JournalEntry,
  Outcome,
  type RecordedEvaluation,
  RunStore,
  RunStoreError
} from "../../effects/ports/run_store.ts"
import { lockFile } from "../checkpoints/lock.ts"

/** Name of the database inside a run's folder. */
export const RUN_FILE = "run.sqlite"

/** Holds the lock of a run's folder, beside the database, which others may read at any time. */
const LOCK_FILE = "run.lock"

/**
 * Version of the tables below, the database's `user_version`; a run of another version is refused,
 * never changed.
 */
export const SCHEMA_VERSION = 4

/** The database's `application_id`: "nnas" in ASCII. Runs made before it was set have 0. */
export const APPLICATION_ID = 0x6e6e6173

/** Milliseconds that a write waits for another program which is writing to the database. */
const BUSY_TIMEOUT = 5000

const TABLES = `
  CREATE TABLE run (version INTEGER NOT NULL, record TEXT NOT NULL);
  CREATE TABLE evaluation (evaluator TEXT NOT NULL, architecture TEXT NOT NULL, loss REAL NOT NULL, seconds REAL NOT NULL,
    diverged INTEGER NOT NULL, PRIMARY KEY (evaluator, architecture)) WITHOUT ROWID;
  CREATE TABLE journal (repetition INTEGER NOT NULL, sequence INTEGER NOT NULL, architecture TEXT NOT NULL, loss REAL NOT NULL,
    evaluations INTEGER NOT NULL, uniqueEvaluations INTEGER NOT NULL, simulatedSeconds REAL NOT NULL,
    PRIMARY KEY (repetition, sequence)) WITHOUT ROWID;
  CREATE TABLE outcome (repetition INTEGER PRIMARY KEY, json TEXT NOT NULL);`

/** What a run is: its settings, and the identity of the evaluator that they led to. */
export const RunRecord = Schema.Struct({
  version: Schema.Literal(2),
  /** The algorithm by its name, and its settings as JSON: `decodeSearch` reads them. */
  algorithm: Schema.String,
  settings: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  evaluator: Schema.String
}).annotations({ identifier: "RunRecord" })
export interface RunRecord extends Schema.Schema.Type<typeof RunRecord> {}

/** A run's folder, opened. */
interface OpenRun {
  /** What was begun here before, if anything. */
  readonly record: RunRecord | undefined
  /** Begin a run in a folder that holds none. */
  readonly begin: (record: RunRecord) => Effect.Effect<void, RunStoreError>
  /** The store of a begun run. */
  readonly layer: Layer.Layer<RunStore, RunStoreError>
}

/** Whether a folder holds the file of a run. */
export function hasRun(folder: string): boolean {
  return existsSync(join(folder, RUN_FILE))
}

/**
 * Open a run's folder, made where there is none. The operating system holds the lock on a file
 * beside the database, so a second process is refused, and a killed one leaves none behind. The
 * database is in WAL mode: readers do not wait for the run, nor the run for them. Every write is
 * one transaction: completely or not at all.
 */
export const openRun = Effect.fn("openRun")(function* (folder: string) {
  const { default: Driver } = yield* Effect.promise(() => import("libsql"))
  const attempt = <A>(run: () => A) => Effect.try({ try: run, catch: (error) => translated(folder, error) })
  yield* attempt(() => mkdirSync(folder, { recursive: true }))
  const locked = yield* Effect.mapError(lockFile(join(folder, LOCK_FILE)), (error) => translated(folder, error))
  if (!locked) return yield* inUse(folder)
  const database = yield* Effect.acquireRelease(
    attempt(() => new Driver(join(folder, RUN_FILE), { timeout: BUSY_TIMEOUT })),
    (open) => Effect.sync(() => open.close())
  )
  const record = yield* attempt(() => readRecord(database, folder))
  yield* Effect.acquireRelease(
    attempt(() => useLog(database)),
    () => Effect.sync(() => foldLog(database))
  )
  const open: OpenRun = {
    record,
    begin: (begun) =>
      attempt(() =>
        transaction(database, () => {
          database.exec(TABLES)
          mark(database)
          const text = Schema.encodeSync(Schema.parseJson(RunRecord))(begun)
          database.prepare("INSERT INTO run VALUES (?, ?)").run(SCHEMA_VERSION, text)
        })
      ),
    layer: Layer.effect(
      RunStore,
      attempt(() => store(database, folder))
    )
  }
  return open
})

function inUse(folder: string): RunStoreError {
  const detail = "another process is using it; wait for it to end, or choose another folder"
  return new RunStoreError({ place: folder, reason: "locked", detail })
}

/** The error of a failed database call. */
function translated(folder: string, error: unknown): RunStoreError {
  if (error instanceof RunStoreError) return error
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""
  const place = { place: folder }
  if (code.startsWith("SQLITE_BUSY")) return inUse(folder)
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT")) {
    return new RunStoreError({
      ...place,
      reason: "not_a_run",
      detail: `${RUN_FILE} is damaged or not a run; move it away to start over`
    })
  }
  if (ParseResult.isParseError(error)) {
    return new RunStoreError({
      ...place,
      reason: "not_a_run",
      detail: `${RUN_FILE} contains a record that this program does not know`
    })
  }
  const full = code.startsWith("SQLITE_FULL")
    ? "the disk is full; free some space and run the same command again"
    : undefined
  const message = error instanceof Error ? error.message : String(error)
  return new RunStoreError({
    ...place,
    reason: "storage",
    detail: full ?? `its data cannot be read or written (${message})`
  })
}

/**
 * Run writes as one transaction. SQLite ends it by itself after some errors; the first error is
 * reported.
 */
function transaction<A>(database: Database.Database, run: () => A): A {
  database.exec("BEGIN IMMEDIATE")
  try {
    const result = run()
    database.exec("COMMIT")
    return result
  } catch (error) {
    if (database.inTransaction) database.exec("ROLLBACK")
    throw error
  }
}

/** Turn to WAL mode, in which readers and the writer do not wait for each other. */
function useLog(database: Database.Database): void {
  database.pragma("journal_mode = WAL")
  database.pragma("synchronous = NORMAL")
}

/**
 * Move what the log holds into the database's one file, and remove the log by leaving WAL mode for
 * a moment: closing does so only when the driver's statements have been collected. A database that
 * others are reading keeps an empty log.
 */
function foldLog(database: Database.Database): void {
  try {
    database.pragma("busy_timeout = 0")
    database.pragma("wal_checkpoint(TRUNCATE)")
    database.pragma("journal_mode = DELETE")
    database.pragma("journal_mode = WAL")
  } catch {
    // others are reading it
  }
}

/** Say in the database's header what it is. */
function mark(database: Database.Database): void {
  database.pragma(`application_id = ${APPLICATION_ID}`)
  database.pragma(`user_version = ${SCHEMA_VERSION}`)
}

/** What was begun here before, if anything. A database that is refused stays as it is. */
function readRecord(database: Database.Database, folder: string): RunRecord | undefined {
  const [{ application_id: application }] = decodeHeader(database.pragma("application_id"))
  if (application !== 0 && application !== APPLICATION_ID) {
    const detail = `${RUN_FILE} is a database of another program; use another folder`
    throw new RunStoreError({ place: folder, reason: "not_a_run", detail })
  }
  if (database.prepare("SELECT name FROM sqlite_master WHERE name = 'run'").get() === undefined) return undefined
  const row = Schema.decodeUnknownSync(RunRow)(database.prepare("SELECT version, record FROM run").get())
  if (row.version !== SCHEMA_VERSION) {
    const detail = `its data have version ${row.version}, this program reads version ${SCHEMA_VERSION}; use another folder`
    throw new RunStoreError({ place: folder, reason: "version", detail })
  }
  const record = Schema.decodeUnknownSync(Schema.parseJson(RunRecord))(row.record)
  if (application === 0) mark(database)
  return record
}

const EvaluationRow = Schema.Struct({
  architecture: Schema.String,
  loss: Schema.Number,
  seconds: Schema.Number,
  diverged: Schema.Literal(0, 1)
})
const decodeHeader = Schema.decodeUnknownSync(Schema.Tuple(Schema.Struct({ application_id: Schema.Int })))
const RunRow = Schema.Struct({ version: Schema.Int, record: Schema.String })
const OutcomeRow = Schema.Struct({ repetition: Schema.Int, json: Schema.parseJson(Outcome) })

function store(database: Database.Database, folder: string): Context.Tag.Service<RunStore> {
  const attempt = <A>(run: () => A) => Effect.try({ try: run, catch: (error) => translated(folder, error) })
  const read = <A, I>(schema: Schema.Schema<A, I>, query: string, ...values: ReadonlyArray<unknown>) =>
    attempt(() => Schema.decodeUnknownSync(Schema.Array(schema))(database.prepare(query).all(...values)))
  const insertEvaluation = database.prepare("INSERT INTO evaluation VALUES (?, ?, ?, ?, ?)")
  const findEntry = database.prepare("SELECT * FROM journal WHERE repetition = ? AND sequence = ?")
  const insertEntry = database.prepare("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)")
  const append = (repetition: number, entry: JournalEntry) => {
    const { sequence, architecture, loss, evaluations, uniqueEvaluations, simulatedSeconds } = entry
    const row: unknown = findEntry.get(repetition, sequence)
    if (row === undefined) {
      insertEntry.run(repetition, sequence, architecture, loss, evaluations, uniqueEvaluations, simulatedSeconds)
      return
    }
    if (!sameEntry(Schema.decodeUnknownSync(JournalEntry)(row), entry)) {
      const detail = `proposal ${sequence} of repetition ${repetition} differs from the journal: it was made by another program or from other data`
      throw new RunStoreError({ place: folder, reason: "mismatch", detail })
    }
  }
  return {
    recorded: (evaluator) =>
      Effect.map(
        read(
          EvaluationRow,
          "SELECT architecture, loss, seconds, diverged FROM evaluation WHERE evaluator = ?",
          evaluator
        ),
        (rows) =>
          rows.map(({ diverged, ...row }): RecordedEvaluation => (diverged === 1 ? { ...row, diverged: true } : row))
      ),
    record: (evaluator, evaluations) =>
      attempt(() =>
        transaction(database, () => {
          for (const { architecture, loss, seconds, diverged } of evaluations)
            insertEvaluation.run(evaluator, architecture, loss, seconds, diverged === true ? 1 : 0)
        })
      ),
    journal: (repetition, entries) =>
      attempt(() =>
        transaction(database, () => {
          for (const entry of entries) append(repetition, entry)
        })
      ),
    outcomes: Effect.map(
      read(OutcomeRow, "SELECT repetition, json FROM outcome"),
      (rows) => new Map(rows.map((row) => [row.repetition, row.json]))
    ),
    finish: (repetition, outcome) =>
      attempt(() => {
        const json = Schema.encodeSync(Schema.parseJson(Outcome))(outcome)
        database.prepare("INSERT OR REPLACE INTO outcome VALUES (?, ?)").run(repetition, json)
      })
  }
}

function sameEntry(a: JournalEntry, b: JournalEntry): boolean {
  return (Object.keys(JournalEntry.fields) as ReadonlyArray<keyof JournalEntry>).every((field) => a[field] === b[field])
}
