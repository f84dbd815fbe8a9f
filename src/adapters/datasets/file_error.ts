import * as Effect from "effect/Effect"
import { DatasetError } from "../../domain/data/dataset.ts"

/** The effect, with errors of the file system as a dataset's. */
export function refused<A, R>(
  path: string,
  effect: Effect.Effect<A, { readonly _tag: string; readonly reason?: string }, R>,
  otherwise: "unreadable" | "unwritable" = "unreadable"
): Effect.Effect<A, DatasetError, R> {
  return Effect.mapError(effect, ({ _tag, reason }) => {
    if (reason === "NotFound")
      return new DatasetError({ dataset: path, reason: "missing_file", detail: "it does not exist: check the path" })
    const verb = otherwise === "unreadable" ? "read" : "written"
    const detail = `it cannot be ${verb} (${reason ?? _tag}): check its kind, its permissions and the free space`
    return new DatasetError({ dataset: path, reason: otherwise, detail })
  })
}
