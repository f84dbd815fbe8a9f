import type { Objective } from "../../domain/objective/objective.ts"
import type { PreparedObjective, Targets } from "../../domain/objective/targets.ts"
import { type Evaluation, ValidationLoss } from "../../domain/score/score.ts"
import type { Outcome } from "../ports/run_store.ts"

/** The score of a proposal, and whether it can be the outcome of a search. */
export interface Judged extends Pick<Outcome, "ownLoss" | "ownDiverged"> {
  readonly loss: ValidationLoss
  /**
   * Whether one of its targets did not diverge and the loss is finite. What has no such score is
   * never an outcome.
   */
  readonly hasScore: boolean
}

/**
 * Judge a proposal by the evaluations of its targets, in their order. Trainings that diverged count
 * with their losses, the worst that there are.
 */
export function judge(
  { aggregate }: PreparedObjective,
  targets: Targets,
  evaluations: ReadonlyArray<Evaluation>
): Judged {
  const losses = evaluations.map(({ loss }) => loss)
  const loss = ValidationLoss(aggregate(losses, targets.distances))
  const own = targets.distances[0] === 0 ? evaluations[0] : undefined
  const ownDiverged = own?.diverged === true
  return {
    loss,
    ownLoss: own === undefined || ownDiverged ? null : own.loss,
    ownDiverged,
    hasScore: Number.isFinite(loss) && evaluations.some(({ diverged }) => diverged !== true)
  }
}

/**
 * Why a search whose proposals all lack a score found nothing, and the settings that cure it, in
 * backquotes.
 */
export function noScore(
  objective: Objective,
  { diverged, uniqueEvaluations }: Pick<Outcome, "diverged" | "uniqueEvaluations">
): { readonly problem: string; readonly cure: string; readonly settings: ReadonlyArray<string> } {
  const lenient = objective._tag === "Neighborhood" && diverged < uniqueEvaluations
  const median = lenient ? ", or an `aggregate` that leaves out the worst, as median does" : ""
  return {
    problem: `no candidate has a score: ${diverged} of ${uniqueEvaluations} evaluations diverged`,
    cure: `give a lower \`learningRate\` or a smaller \`clip\`${median}; a run that is kept needs another folder for that`,
    settings: ["learningRate", "clip", "aggregate"]
  }
}
