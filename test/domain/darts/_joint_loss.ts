import * as Either from "effect/Either"
import type { LossProgram } from "../../../src/domain/darts/loss_program.ts"
import { ofRun } from "../../../src/domain/darts/updates.ts"
import type { Aggregate } from "../../../src/domain/objective/aggregate.ts"
import { buildProgram } from "../../../src/domain/program/builder.ts"
import { copyNodes } from "../../../src/domain/program/copy.ts"
import { ofRole, shapesOf } from "../../../src/domain/program/port.ts"
import { simplify } from "../../../src/domain/program/rewrite.ts"
import { aggregateNode } from "../objective/_aggregate_program.ts"

/**
 * The aggregate of a mapped loss over several neighbors as one program: the same batch, the maps of
 * each in the inputs `run/<i>/map/<cell>` and `run/<i>/add/<cell>`, its loss in the output
 * `run/<i>/loss`. `loss` is the aggregate, `correct` that of run 0. What does not depend on the
 * maps is there once, the stem for one.
 */
export function jointLoss(
  { program, ...rest }: LossProgram,
  runs: number,
  how: Aggregate,
  distances: ReadonlyArray<number> = []
): LossProgram {
  const maps = ofRole(program.inputs, "map", "offset")
  const built = buildProgram((b) => {
    const losses = Array.from({ length: runs }, (_, run) => {
      const own = [...shapesOf(maps)].map(([name, shape]) => [name, b.input(ofRun(run, name), shape)] as const)
      const moved = copyNodes(b, program, { substitutes: new Map(own) })
      const loss = moved.output("loss")
      b.output(ofRun(run, "loss"), loss)
      if (run === 0) b.output("correct", moved.output("correct"))
      return loss
    })
    b.output("loss", aggregateNode(b, how, losses, distances))
  })
  return { ...rest, program: simplify(Either.getOrThrow(built)) }
}
