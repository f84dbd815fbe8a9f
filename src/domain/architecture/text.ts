import * as Either from "effect/Either"
import type { Space } from "../space/space.ts"
import { type Architecture, ArchitectureError, architectureKey } from "./architecture.ts"
import { cellStringParser, printCellString, stringCell } from "./cell_string.ts"
import { parseNamedChoices, parseSeparated } from "./choices_text.ts"
import { type Genotype, genotypeBeginning, parseGenotype, printGenotype } from "./genotype.ts"
import { fromGenotype, hasGenotype, toGenotype } from "./genotype_architecture.ts"
import { knownForms } from "./known_forms.ts"
import { hasLegalSlots } from "./membership.ts"
import { publishedGenotype } from "./published_genotypes.ts"

/**
 * The text forms of an architecture: `string` is NAS-Bench-201's, `genotype` the Python literal of
 * DARTS, `json` an object from decision to choice, `code` one base-36 digit per decision.
 */
export const TEXT_FORMS = ["string", "genotype", "json", "code"] as const

/** One of `TEXT_FORMS`. */
export type TextForm = (typeof TEXT_FORMS)[number]

/** The form that people read a space's architectures in. */
export function naturalForm(space: Space): TextForm {
  return stringCell(space) !== undefined ? "string" : hasGenotype(space) ? "genotype" : "code"
}

/** An architecture as text; a form that the space does not have falls back to its natural one. */
export function printArchitecture(
  space: Space,
  architecture: Architecture,
  form: TextForm = naturalForm(space)
): string {
  if (form === "code") return architectureKey(architecture)
  if (form === "json") {
    const entries = space.decisions.map((decision, i) => [decision.name, decision.choices[architecture[i]!]])
    return JSON.stringify(Object.fromEntries(entries))
  }
  const cell = stringCell(space)
  if (cell !== undefined) return printCellString(space, cell, architecture)
  return hasGenotype(space) ? printGenotype(toGenotype(space, architecture)) : architectureKey(architecture)
}

/**
 * A parser of every text form of a space; its first characters decide which form a text has. Forms:
 * NAS-Bench-201's string; a genotype (see `parseGenotype`) or the name of a published one; choices
 * by name as JSON or in Python, or with separators between them, `8:16:24`; a code of digits. The
 * digits of a code stand in the order of the space's decisions, in NAS-Bench-201 0->1, 0->2, 1->2,
 * 0->3, 1->3, 2->3. Other tools have other orders. What it cannot read is an error that shows the
 * forms of the space.
 */
export function architectureParser(space: Space): (text: string) => Either.Either<Architecture, ArchitectureError> {
  const cell = stringCell(space)
  const parseString = cell === undefined ? undefined : cellStringParser(space, cell)
  return (text) => {
    const trimmed = text.trim()
    const string = parseString === undefined ? undefined : stringOfText(trimmed)
    if (string !== undefined) return parseString!(string)
    const genotype = genotypeOfText(trimmed)
    if (genotype !== undefined && hasGenotype(space))
      return Either.flatMap(genotype, (value) => fromGenotype(space, value, trimmed))
    if (genotype !== undefined && !trimmed.startsWith("{"))
      return unknown(space, trimmed, `this is a genotype, which spaces as "darts" have`)
    const read = /^[{[(]/.test(trimmed) ? parseNamedChoices(space, trimmed) : parseSeparated(space, trimmed)
    return read === undefined ? parseCode(space, trimmed) : Either.flatMap(read, (one) => checked(space, one, trimmed))
  }
}

/**
 * NAS-Bench-201's string in a text, where it has one: alone, or in a line of a log as `arch = |…|`
 * and `Structure(4 nodes with |…|)`.
 */
export function stringOfText(text: string): string | undefined {
  return text.startsWith("|") ? text : /^[^|]*[=:\s](\|.*\|)\)?$/s.exec(text)?.[1]
}

/**
 * The genotype of a text that is the name of a published one or has the form of one; `undefined`
 * for other texts.
 */
export function genotypeOfText(text: string): Either.Either<Genotype, ArchitectureError> | undefined {
  const published = publishedGenotype(text)
  if (published !== undefined) return Either.right(published)
  return genotypeBeginning(text) < 0 ? undefined : parseGenotype(text)
}

/** Parse one text; `architectureParser` is faster for many. */
export function parseArchitecture(space: Space, text: string): Either.Either<Architecture, ArchitectureError> {
  return architectureParser(space)(text)
}

function parseCode(space: Space, text: string): Either.Either<Architecture, ArchitectureError> {
  const length = space.decisions.length
  const choices: Array<number> = []
  for (let i = 0; i < Math.min(length, text.length); i++) {
    const choice = /[0-9a-z]/.test(text[i]!) ? Number.parseInt(text[i]!, 36) : -1
    const { name, choices: known } = space.decisions[i]!
    if (choice < 0) return unknown(space, text, `expected a digit, found "${text[i]}"`, i)
    if (choice >= known.length)
      return unknown(space, text, `the digit ${text[i]} is too large: "${name}" has ${known.length} choices`, i)
    choices.push(choice)
  }
  if (text.length !== length)
    return unknown(
      space,
      text,
      `expected ${length} digits, found ${text.length} characters`,
      Math.min(length, text.length)
    )
  return checked(space, choices, text)
}

/** An error that shows the forms of the space. */
function unknown(space: Space, text: string, problem: string, position = 0): Either.Either<never, ArchitectureError> {
  return Either.left(new ArchitectureError({ text, position, problem, forms: knownForms(space) }))
}

function checked(space: Space, choices: Architecture, text: string): Either.Either<Architecture, ArchitectureError> {
  if (hasLegalSlots(space, choices)) return Either.right(choices)
  const problem = "a node takes one input twice, or an operation that its edge does not offer"
  return Either.left(new ArchitectureError({ text, position: 0, problem }))
}
