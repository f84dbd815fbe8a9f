import * as Schema from "@effect/schema/Schema"

/**
 * Settings contradict each other or do not fit what they are for. The problem names them in
 * backquotes; a command says their flags instead.
 */
export class SettingsError extends Schema.TaggedError<SettingsError>()("SettingsError", {
  problem: Schema.String
}) {
  override get message(): string {
    return `Cannot use these settings: ${this.problem}`
  }

  /** The settings that the problem names. */
  get settings(): ReadonlyArray<string> {
    return [...this.problem.matchAll(/`(\w+)`/g)].map(([, name]) => name!)
  }
}
