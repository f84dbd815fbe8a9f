import * as Schema from "@effect/schema/Schema"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { HostValues } from "./tensor_backend.ts"

/** A checkpoint cannot be written or used. `place` is where checkpoints lie. */
export class CheckpointError extends Schema.TaggedError<CheckpointError>()("CheckpointError", {
  place: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `Cannot keep the run in "${this.place}": ${this.detail}`
  }
}

/**
 * All that a run needs to go on: a record of how far it is, as JSON, and its tensors in single
 * precision.
 */
export interface Checkpoint {
  readonly record: string
  readonly tensors: ReadonlyMap<string, HostValues>
}

/** Where a run's checkpoints lie. A checkpoint is there whole, or not at all. */
export class Checkpoints extends Context.Tag("na-nas/Checkpoints")<
  Checkpoints,
  {
    /** Where they lie, for messages. */
    readonly place: string
    /** The last checkpoint that is undamaged, if there is any. */
    readonly latest: Effect.Effect<Checkpoint | undefined, CheckpointError>
    /** Keep a checkpoint; earlier ones but the last may go. */
    readonly save: (checkpoint: Checkpoint) => Effect.Effect<void, CheckpointError>
  }
>() {}

/** The record of a checkpoint that lies at `place`, by its schema. */
export function decodeRecord<A>(
  schema: Schema.Schema<A, string>,
  record: string,
  place: string
): Effect.Effect<A, CheckpointError> {
  const detail = "its last checkpoint is of another command, or of another version of this program; use another folder"
  return Effect.mapError(Schema.decode(schema)(record), () => new CheckpointError({ place, detail }))
}
