import * as Schema from "@effect/schema/Schema"

/** A search that found nothing. The message names the `settings` that cure it in backquotes. */
export class SearchError extends Schema.TaggedError<SearchError>()("SearchError", {
  problem: Schema.String,
  cure: Schema.optionalWith(Schema.String, { default: () => "" }),
  settings: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] })
}) {
  override get message(): string {
    return `Cannot search: ${this.problem}${this.cure === "" ? "" : `; ${this.cure}`}`
  }
}
