import * as Schema from "@effect/schema/Schema"

/** A search that found nothing. The message names the `settings` that cure it in backquotes. */
export class SearchError extends Schema.TaggedError<SearchError>()("SearchError", {
  problem: Schema.String,
  settings: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] })
}) {
  override get message(): string {
    return `Cannot search: ${this.problem}`
  }
}
