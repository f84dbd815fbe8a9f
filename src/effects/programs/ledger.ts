import { architectureKey } from "../../domain/architecture/architecture.ts"
import { candidateSeed } from "../../domain/architecture/candidates.ts"
import { type Targets, targetsOf } from "../../domain/objective/targets.ts"
import type { Seed } from "../../domain/random.ts"
import { type CountLimit, NOTHING_SPENT, passedLimit, type Spent } from "../../domain/searchers/budget.ts"
import { candidateOf, type Observation, type Proposal } from "../../domain/searchers/proposal.ts"
import type { SearchPlan } from "../../domain/searchers/search_plan.ts"
import type { JournalEntry, Outcome } from "../ports/run_store.ts"
import { type Judged, judge } from "./judge.ts"
import type { Memo } from "./memo.ts"

/** A proposal that the budget allows, and what it is evaluated for. */
interface Charge {
  readonly proposal: Proposal
  readonly targets: Targets
  readonly memo: Memo
  /** Positions of the targets that are evaluated for the first time. */
  readonly fresh: ReadonlyArray<number>
}

/** What a search has spent and found. */
export interface Ledger {
  readonly spent: Spent
  /** Unique evaluations that diverged. */
  readonly diverged: number
  /** The best proposal that has a score, of those that were evaluated for the most epochs. */
  readonly best: { readonly observation: Observation; readonly judged: Judged } | undefined
  /**
   * Seconds that were paid for networks: trainings go on where those of fewer epochs ended. Grows
   * in place.
   */
  readonly paid: Map<number | string, number>
  /** Networks that were charged, by their epochs. Grows in place. */
  readonly seen: Map<number | undefined, Set<number | string>>
}

/** The ledger of a search that has proposed nothing. */
export function startLedger(): Ledger {
  return { spent: NOTHING_SPENT, diverged: 0, best: undefined, paid: new Map(), seen: new Map() }
}

/**
 * The proposals of a wave that the budget's counts allow, and the limit that the next one would
 * pass.
 */
export function affordable(
  { objective, budget }: SearchPlan,
  ledger: Ledger,
  seed: Seed,
  wave: ReadonlyArray<readonly [Proposal, Memo]>
): readonly [ReadonlyArray<Charge>, CountLimit | undefined] {
  const charges: Array<Charge> = []
  let planned = ledger.spent
  for (const [proposal, memo] of wave) {
    const targets = targetsOf(objective, proposal.architecture, candidateSeed(seed, candidateOf(proposal)))
    const seen = ledger.seen.get(proposal.epochs) ?? new Set()
    ledger.seen.set(proposal.epochs, seen)
    const fresh: Array<number> = []
    for (const [i, architecture] of targets.architectures.entries()) {
      const key = memo.keyOf(architecture)
      if (seen.has(key)) continue
      seen.add(key)
      fresh.push(i)
    }
    const charge = { proposal, targets, memo, fresh }
    planned = spentWith(planned, charge, 0)
    const passed = passedLimit(budget, planned)
    if (passed !== undefined) return [charges, passed]
    charges.push(charge)
  }
  return [charges, undefined]
}

/** The ledger with a proposal whose targets are evaluated, and the proposal's score. */
export function settled({ objective }: SearchPlan, ledger: Ledger, charge: Charge): readonly [Ledger, Observation] {
  const { proposal, targets, memo, fresh } = charge
  const evaluations = targets.architectures.map((architecture) => memo.get(architecture)!)
  let { simulatedSeconds } = ledger.spent
  let { best, diverged } = ledger
  for (const i of fresh) {
    const network = memo.keyOf(targets.architectures[i]!)
    const { seconds, diverged: hasDiverged } = evaluations[i]!
    simulatedSeconds += seconds - (ledger.paid.get(network) ?? 0)
    ledger.paid.set(network, seconds)
    if (hasDiverged === true) diverged += 1
  }
  const judged = judge(objective, targets, evaluations)
  const observation: Observation = { ...proposal, loss: judged.loss }
  if ((proposal.epochs ?? 0) > (best?.observation.epochs ?? 0)) best = undefined
  if (judged.hasScore && (best === undefined || judged.loss < best.observation.loss)) best = { observation, judged }
  return [{ ...ledger, spent: spentWith(ledger.spent, charge, simulatedSeconds), diverged, best }, observation]
}

/** The counts with a proposal; one that is proposed again is no further sample. */
function spentWith(spent: Spent, { proposal, targets, fresh }: Charge, simulatedSeconds: number): Spent {
  return {
    samples: spent.samples + (candidateOf(proposal) === proposal.sequence ? 1 : 0),
    evaluations: spent.evaluations + targets.architectures.length,
    uniqueEvaluations: spent.uniqueEvaluations + fresh.length,
    simulatedSeconds
  }
}

/** What the journal keeps of a proposal. */
export function journalEntry({ sequence, architecture, loss }: Observation, { spent }: Ledger): JournalEntry {
  const { samples: _, ...counts } = spent
  return { sequence, architecture: architectureKey(architecture), loss, ...counts }
}

/** The outcome of a search that found something. */
export function outcomeOf({ spent, diverged, best }: Ledger, stop: Outcome["stop"]): Outcome | undefined {
  if (best === undefined) return undefined
  const { observation, judged } = best
  return {
    version: 3,
    architecture: architectureKey(observation.architecture),
    loss: observation.loss,
    ownLoss: judged.ownLoss,
    ownDiverged: judged.ownDiverged,
    ...spent,
    diverged,
    stop
  }
}
