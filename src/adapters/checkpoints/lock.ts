import * as Effect from "effect/Effect"

/**
 * Hold the operating system's lock on a file until the scope closes. The file is made where it is
 * missing, and stays, empty. `false` where another holder has it; the lock of a killed process is
 * free. Fails with the errors of the file system.
 */
export const lockFile = Effect.fn("lockFile")(function* (file: string) {
  const { default: Driver } = yield* Effect.promise(() => import("libsql"))
  const database = yield* Effect.acquireRelease(
    Effect.try({ try: () => new Driver(file), catch: (error) => error }),
    (open) => Effect.sync(() => open.close())
  )
  return yield* Effect.try({
    try: () => {
      try {
        database.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE")
        return true
      } catch (error) {
        if (/locked|busy/i.test(String(error))) return false
        throw error
      }
    },
    catch: (error) => error
  })
})
