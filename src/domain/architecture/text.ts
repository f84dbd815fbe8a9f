import * as Either from "effect/Either"
import { hasLegalSlots } from "../space/membership.ts"
import type { Space } from "../space/space.ts"
import { type Architecture, ArchitectureError, architectureKey } from "./architecture.ts"
import { cellStringParser, printCellString, stringCell } from "./cell_string.ts"
import { parseGenotype, printGenotype } from "./genotype.ts"
import { fromGenotype, hasGenotype, toGenotype } from "./genotype_architecture.ts"

/**
 * The text forms of an architecture: `string` is NAS-Bench-201's, `genotype` the Python literal of DARTS, `json` an
 * object from decision to choice, `code` one base-36 digit per decision.
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

/** A parser of every text form of a space; which form a text has is told by its first characters. */
export function architectureParser(space: Space): (text: string) => Either.Either<Architecture, ArchitectureError> {
  const cell = stringCell(space)
  const parseString = cell === undefined ? undefined : cellStringParser(space, cell)
  return (text) => {
    if (parseString !== undefined && text.startsWith("|")) return parseString(text)
    const trimmed = text.trim()
    if (trimmed.startsWith("{") || trimmed.startsWith("[")) return parseJson(space, trimmed)
    if (hasGenotype(space) && trimmed.startsWith("Genotype")) {
      return Either.flatMap(parseGenotype(trimmed), (genotype) => fromGenotype(space, genotype, trimmed))
    }
    return parseCode(space, trimmed)
  }
}

/** Parse one text; `architectureParser` is faster for many. */
export function parseArchitecture(space: Space, text: string): Either.Either<Architecture, ArchitectureError> {
  return architectureParser(space)(text)
}

function parseCode(space: Space, text: string): Either.Either<Architecture, ArchitectureError> {
  const fail = (position: number, problem: string) => Either.left(new ArchitectureError({ text, position, problem }))
  const length = space.decisions.length
  const choices: Array<number> = []
  for (let i = 0; i < Math.min(length, text.length); i++) {
    const choice = /[0-9a-z]/.test(text[i]!) ? Number.parseInt(text[i]!, 36) : -1
    const { name, choices: known } = space.decisions[i]!
    if (choice < 0) return fail(i, `expected ${expectedForms(space)}, found "${text[i]}"`)
    if (choice >= known.length)
      return fail(i, `the digit ${text[i]} is too large: "${name}" has ${known.length} choices`)
    choices.push(choice)
  }
  if (text.length !== length) {
    return fail(Math.min(length, text.length), `expected ${expectedForms(space)}, found ${text.length} characters`)
  }
  return checked(space, choices, text)
}

function expectedForms(space: Space): string {
  const form = naturalForm(space)
  const named = form === "string" ? "an architecture string or " : form === "genotype" ? "a Genotype(…) or " : ""
  return `${named}${space.decisions.length} digits, one per decision,`
}

function parseJson(space: Space, text: string): Either.Either<Architecture, ArchitectureError> {
  const fail = (problem: string, position = 0) => Either.left(new ArchitectureError({ text, position, problem }))
  const json = Either.try((): unknown => JSON.parse(text))
  if (Either.isLeft(json)) return fail("this is not JSON")
  const value = json.right
  if (typeof value !== "object" || value === null) return fail("expected an object or a list")
  const names: Readonly<Record<string, unknown>> = Array.isArray(value)
    ? Object.fromEntries(value.map((item, i) => [space.decisions[i]?.name ?? `decision ${i + 1}`, item]))
    : { ...value }
  const unknown = Object.keys(names).find((name) => !space.decisions.some((decision) => decision.name === name))
  if (unknown !== undefined)
    return fail(`the space "${space.name}" has no decision "${unknown}"`, Math.max(0, text.indexOf(`"${unknown}"`)))
  const choices: Array<number> = []
  for (const decision of space.decisions) {
    const name = Object.hasOwn(names, decision.name) ? names[decision.name] : undefined
    if (name === undefined) return fail(`the decision "${decision.name}" is missing`, text.length - 1)
    const choice = typeof name === "string" ? decision.choices.indexOf(name) : -1
    if (choice < 0) {
      const shown = JSON.stringify(name)
      return fail(
        `${shown} is no choice of "${decision.name}": ${decision.choices.join(", ")}`,
        Math.max(0, text.indexOf(shown))
      )
    }
    choices.push(choice)
  }
  return checked(space, choices, text)
}

function checked(space: Space, choices: Architecture, text: string): Either.Either<Architecture, ArchitectureError> {
  if (hasLegalSlots(space, choices)) return Either.right(choices)
  const problem = "a node takes one input twice, or an operation that its edge does not offer"
  return Either.left(new ArchitectureError({ text, position: 0, problem }))
}
