import * as FastCheck from "@effect/schema/FastCheck"
import * as Schema from "@effect/schema/Schema"
import { digitOrder } from "../domain/architecture/known_forms.ts"
import { spaceSize } from "../domain/architecture/membership.ts"
import { printArchitecture } from "../domain/architecture/text.ts"
import { makeBall, sphereSizes } from "../domain/neighborhood/ball.ts"
import { spaceInvariants } from "../domain/neighborhood/invariants.ts"
import type { Space } from "../domain/space/space.ts"

/** Invariants of a space do not hold. */
export class InvariantError extends Schema.TaggedError<InvariantError>()("InvariantError", {
  space: Schema.String,
  failed: Schema.Int
}) {
  override get message(): string {
    return `Cannot rely on space "${this.space}": ${this.failed} of its invariants failed`
  }
}

/** What checking a space found. */
interface CheckReport {
  readonly space: string
  readonly decisions: number
  /** In which order the digits of a code stand, and what they mean. */
  readonly code: string
  readonly architectures: number
  /** Number of changes at distance 1 … radius. */
  readonly changes: ReadonlyArray<number>
  readonly passed: number
  readonly failed: number
  readonly invariants: ReadonlyArray<{
    readonly name: string
    readonly holds: boolean
    readonly counterexample: string | null
  }>
}

/** Run every invariant of a space on `runs` random cases, the same ones at each call. */
export function checkSpace(
  space: Space,
  options: { readonly radius: number; readonly runs: number; readonly moveInputs: boolean }
): CheckReport {
  const invariants = spaceInvariants(space, options).map(({ name, property }) => {
    const details = FastCheck.check(property, { numRuns: options.runs, seed: 0 })
    const shown = details.counterexample?.map((value) =>
      isArchitecture(value) ? printArchitecture(space, value) : JSON.stringify(value)
    )
    return { name, holds: !details.failed, counterexample: shown?.join(", ") ?? null }
  })
  const passed = invariants.filter((invariant) => invariant.holds).length
  return {
    space: space.name,
    decisions: space.decisions.length,
    code: digitOrder(space),
    architectures: spaceSize(space),
    changes: sphereSizes(makeBall(space, options)),
    passed,
    failed: invariants.length - passed,
    invariants
  }
}

function isArchitecture(value: unknown): value is ReadonlyArray<number> {
  return Array.isArray(value) && value.every((item) => typeof item === "number")
}

/** The same for people. */
export function spaceText(report: CheckReport): string {
  return [
    `${report.space}: ${report.decisions} decisions, ${report.architectures} architectures, ${report.changes.join(" + ")} changes at distance 1${report.changes.length > 1 ? ` … ${report.changes.length}` : ""}`,
    `  a code has ${report.code}`,
    "",
    ...report.invariants.map(({ name, holds, counterexample }) =>
      holds ? `  holds   ${name}` : `  FAILS   ${name}: ${counterexample ?? "an exception"}`
    ),
    "",
    `${report.passed} hold, ${report.failed} fail`
  ].join("\n")
}
