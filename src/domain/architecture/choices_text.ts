import * as Either from "effect/Either"
import type { Space } from "../space/space.ts"
import { type Architecture, ArchitectureError } from "./architecture.ts"

/** What may stand between the choices of an architecture of size tables: `8:16:24:32:40`. */
const SEPARATORS = [":", ",", ";", "-", " "] as const

type Choices = Either.Either<Architecture, ArchitectureError>

/**
 * Choices by name as a JSON object or list, or the same in Python: `{'depth': '4'}`, `("8", "16")`,
 * `[8, 16]`.
 */
export function parseNamedChoices(space: Space, text: string): Choices {
  const fail = (problem: string, position = 0) => Either.left(new ArchitectureError({ text, position, problem }))
  const json = Either.orElse(parseJson(text), () => parseJson(jsonOfPython(text)))
  if (Either.isLeft(json)) return fail("this is neither JSON nor a Python dict, list or tuple of texts and numbers")
  const value = json.right
  if (typeof value !== "object" || value === null) return fail("expected an object or a list")
  const names: Readonly<Record<string, unknown>> = Array.isArray(value)
    ? Object.fromEntries(value.map((item, i) => [space.decisions[i]?.name ?? `decision ${i + 1}`, item]))
    : { ...value }
  const unknown = Object.keys(names).find((name) => !space.decisions.some((decision) => decision.name === name))
  if (unknown !== undefined)
    return fail(`the space "${space.name}" has no decision "${unknown}"`, Math.max(0, text.indexOf(unknown) - 1))
  const choices: Array<number> = []
  for (const decision of space.decisions) {
    const name = Object.hasOwn(names, decision.name) ? names[decision.name] : undefined
    if (name === undefined) return fail(`the decision "${decision.name}" is missing`, text.length - 1)
    const choice = ["string", "number"].includes(typeof name) ? decision.choices.indexOf(`${name}`) : -1
    if (choice < 0) {
      const shown = JSON.stringify(name)
      const problem = `${shown} is not a choice of "${decision.name}": ${decision.choices.join(", ")}`
      return fail(problem, Math.max(0, text.indexOf(shown)))
    }
    choices.push(choice)
  }
  return Either.right(choices)
}

const parseJson = (text: string) => Either.try((): unknown => JSON.parse(text))

/** JSON of a flat Python literal: single quotes, a tuple, a comma behind the last item. */
function jsonOfPython(text: string): string {
  return text
    .replace(/^\(([\s\S]*)\)$/, "[$1]")
    .replace(/'([^'"\\]*)'/g, '"$1"')
    .replace(/,\s*([\]}])$/, "$1")
}

/**
 * Choices by name with a separator between them, `8:16:24:32:40`; `undefined` where no separator
 * gives as many parts as there are decisions. Errors: a part that is not a choice.
 */
export function parseSeparated(space: Space, text: string): Choices | undefined {
  if (space.decisions.length < 2) return undefined
  let fault: Choices | undefined
  for (const separator of SEPARATORS) {
    const parts = separator === " " ? text.split(/\s+/) : text.split(separator)
    if (parts.length !== space.decisions.length) continue
    const choices = parts.map((part, i) => space.decisions[i]!.choices.indexOf(part.trim()))
    const wrong = choices.indexOf(-1)
    if (wrong < 0) return Either.right(choices)
    const { name, choices: known } = space.decisions[wrong]!
    const position = parts.slice(0, wrong).join(separator).length + (wrong > 0 ? 1 : 0)
    const problem = `"${parts[wrong]!.trim()}" is not a choice of "${name}": ${known.join(", ")}`
    fault ??= Either.left(new ArchitectureError({ text, position: Math.min(position, text.length), problem }))
  }
  return fault
}
