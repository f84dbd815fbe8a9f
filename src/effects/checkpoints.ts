import * as Schema from "@effect/schema/Schema"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { HostValues } from "./device_state.ts"

/** A checkpoint cannot be written or used. `place` is where checkpoints lie. */
export class CheckpointError extends Schema.TaggedError<CheckpointError>()("CheckpointError", {
  place: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `Cannot keep the run in "${this.place}": ${this.detail}`
  }
}

/** All that a run needs to go on: a record of how far it is, as JSON, and its tensors in single precision. */
export interface Checkpoint {
  readonly record: string
  readonly tensors: ReadonlyMap<string, HostValues>
}

/** Where a run's checkpoints lie. A checkpoint is there whole, or not at all. */
export class Checkpoints extends Context.Tag("na-nas/Checkpoints")<
  Checkpoints,
  {
    /** The last checkpoint that is undamaged, if there is any. */
    readonly latest: Effect.Effect<Checkpoint | undefined, CheckpointError>
    /** Keep a checkpoint; earlier ones but the last may go. */
    readonly save: (checkpoint: Checkpoint) => Effect.Effect<void, CheckpointError>
  }
>() {}

/** The record of a checkpoint, by its schema. */
export function decodeRecord<A>(schema: Schema.Schema<A, string>, record: string): Effect.Effect<A, CheckpointError> {
  return Effect.mapError(
    Schema.decode(schema)(record),
    () => new CheckpointError({ place: "checkpoint", detail: "its record is not understood" })
  )
}
