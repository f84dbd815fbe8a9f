import { ArchitectureError } from "./architecture.ts"

/**
 * A cursor over a text; every failure carries the place. Lives only within one call of a parser.
 */
export class Scanner {
  readonly text: string
  position = 0

  constructor(text: string) {
    this.text = text
  }

  /** An error at the cursor, or at `position`. */
  error(problem: string, position = this.position): ArchitectureError {
    return new ArchitectureError({ text: this.text, position, problem })
  }

  /** What is at the cursor, for a message. */
  found(): string {
    const rest = this.text.slice(this.position)
    if (rest === "") return "the end"
    return `"${/^(\w+|.)/su.exec(rest)?.[0] ?? rest[0]}"`
  }

  /** Take a match of a sticky pattern, or nothing. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position
    const match = pattern.exec(this.text)
    if (match === null) return undefined
    this.position += match[0].length
    return match[0]
  }

  /** Take exactly this text, or nothing. */
  accept(literal: string): boolean {
    if (!this.text.startsWith(literal, this.position)) return false
    this.position += literal.length
    return true
  }
}
