import * as Either from "effect/Either"
import type { Aggregate } from "../../objective/aggregate.ts"
import { aggregateNode } from "../../objective/aggregate_program.ts"
import { buildProgram } from "../../program/builder.ts"
import { copyNodes } from "../../program/differentiate.ts"
import { simplify } from "../../program/rewrite.ts"
import type { LossProgram } from "./gradients.ts"

/** The name of an input or output of one of several runs that share a program. */
export function ofRun(run: number, name: string): string {
  return `run/${run}/${name}`
}

/**
 * The aggregate of a mapped loss over several neighbors as one program: the same batch, the maps of each in the inputs `run/<i>/map/<cell>` and
 * `run/<i>/add/<cell>`, its loss in the output `run/<i>/loss`. `loss` is the aggregate, `correct` that of run 0. What does not depend on the maps
 * is there once, the stem for one.
 */
export function jointLoss(
  { program, ...rest }: LossProgram,
  runs: number,
  how: Aggregate,
  distances: ReadonlyArray<number> = []
): LossProgram {
  const maps = [...program.inputs].filter(([name]) => name.startsWith("map/") || name.startsWith("add/"))
  const built = buildProgram((b) => {
    const losses = Array.from({ length: runs }, (_, run) => {
      const own = maps.map(([name, at]) => [name, b.input(ofRun(run, name), program.nodes[at]!.shape)] as const)
      const moved = copyNodes(b, program, { substitutes: new Map(own) })
      const loss = moved[program.outputs.get("loss")!]!
      b.output(ofRun(run, "loss"), loss)
      if (run === 0) b.output("correct", moved[program.outputs.get("correct")!]!)
      return loss
    })
    b.output("loss", aggregateNode(b, how, losses, distances))
  })
  return { ...rest, program: simplify(Either.getOrThrow(built)) }
}
