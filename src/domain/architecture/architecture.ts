import * as Schema from "@effect/schema/Schema"

/** A discrete architecture: per decision of its space, the index of the chosen alternative. */
export type Architecture = ReadonlyArray<number>

/** Equal keys mean equal architectures of one space: one base-36 digit per decision. */
export function architectureKey(architecture: Architecture): string {
  let key = ""
  for (const choice of architecture) key += choice.toString(36)
  return key
}

/**
 * A text is not an architecture of the space. `position` counts characters from 0 and points at the
 * fault; `forms` says what the space takes, where the text has none of its forms.
 */
export class ArchitectureError extends Schema.TaggedError<ArchitectureError>()("ArchitectureError", {
  text: Schema.String,
  position: Schema.Int.pipe(Schema.nonNegative()),
  problem: Schema.String,
  forms: Schema.optional(Schema.String)
}) {
  override get message(): string {
    const shown = this.text.length <= 60 ? this.text : excerpt(this.text, this.position)
    const forms = this.forms === undefined ? "" : `; ${this.forms}`
    const message = `Cannot read architecture "${shown}": ${this.problem} at character ${this.position + 1}${forms}`
    return message.replace(/\s+/g, " ")
  }
}

function excerpt(text: string, position: number): string {
  const start = Math.max(0, Math.min(position - 20, text.length - 56))
  return `${start > 0 ? "…" : ""}${text.slice(start, start + 56)}${start + 56 < text.length ? "…" : ""}`
}

/** The architecture of a key; the inverse of `architectureKey`. */
export function architectureOfKey(key: string): Architecture {
  return Array.from(key, (digit) => Number.parseInt(digit, 36))
}
