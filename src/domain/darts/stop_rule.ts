import { field, grouped, optional, type Values } from "../setting/field.ts"
import { real, whole, yesNo } from "../setting/kind.ts"
import type { EpochRecord } from "./record.ts"

/** When a search ends, and where it is read off. */
export const stopFields = grouped("End", {
  stopRule: optional(
    yesNo,
    "end where the eigenvalue is large and grows too fast",
    "with neighbors, in 10 epochs or more"
  ),
  stopWindow: field(whole(1, "epochs"), 5, "epochs that the rule averages, and goes back"),
  stopRatio: field(real({ above: 0, below: 1 }), 0.75, "growth that ends a search, as before / now"),
  stopFloor: field(real({ from: 0 }, "nats"), 0.1, "least eigenvalue that ends a search"),
  readEpoch: optional(whole(1, "epoch"), "end after this epoch, in place of the rule", "the last"),
  eigenvalue: field(yesNo, false, "find the largest eigenvalue of the Hessian in alpha"),
  eigenvalueEvery: field(whole(1, "epochs"), 1, "epochs from one eigenvalue to the next"),
  eigenvalueBatches: field(whole(1), 4, "validation batches of an eigenvalue, always the same")
})

/**
 * When a search has gone too far: the largest eigenvalue of ∇²α L_val, the mean over `window`
 * epochs, is at least `floor` and has grown within `window` epochs by more than 1 / `ratio`.
 * Largest means algebraically: a negative eigenvalue is no sharp minimum, however large its
 * magnitude.
 *
 * `floor` is in nats, as the loss. In the study (`bench/results/cifar10_study`), by one batch, the
 * eigenvalues of NA-DARTS with its defaults have a median of .07 over the first five epochs; from
 * epoch 10 on no cell of DARTS, A²M or NA-DARTS by `shift` and `mix` with the mean has five skips
 * on six edges below .18. The default lies between. Methods that flatten more, as GDAS and `hard`,
 * collapse below any floor.
 */
export interface StopRule {
  readonly window: number
  readonly ratio: number
  readonly floor: number
}

/** The rule of settings, whether or not it holds. */
export function stopRuleOf({
  stopWindow,
  stopRatio,
  stopFloor
}: Pick<Values<typeof stopFields>, "stopWindow" | "stopRatio" | "stopFloor">): StopRule {
  return { window: stopWindow, ratio: stopRatio, floor: stopFloor }
}

/** The rule with its defaults. */
export const STOP_RULE: StopRule = stopRuleOf({
  stopWindow: stopFields.stopWindow.byDefault,
  stopRatio: stopFields.stopRatio.byDefault,
  stopFloor: stopFields.stopFloor.byDefault
})

/**
 * A search is over after `epoch`, and the alpha after epoch `kept` is its result. Epochs count from
 * 0.
 */
interface Stop {
  readonly epoch: number
  readonly kept: number
}

/** Whether a search of so many epochs is long enough for a stop. */
export function canStop({ window }: StopRule, epochs: number): boolean {
  return epochs >= 2 * window
}

/**
 * The first stop that a rule finds in the records of a search, if any. λ̄(i) is the mean of the
 * eigenvalues that the epochs from i − window + 1 to i have, by their numbers; where λ̄(i) ≥ floor
 * and λ̄(i − window) / λ̄(i) < ratio, the alpha of epoch i − window is kept. So no stop comes
 * before epoch 2·window − 1, and a window without any eigenvalue decides nothing.
 *
 * Source: DARTS-ES, Zela et al. 2020 (arXiv 1909.09656) 4.3. Differs from the paper: it smooths
 * around i, here the window ends at i, so that a running search can tell; the floor is ours.
 */
export function stopOf(
  { window, ratio, floor }: StopRule,
  records: ReadonlyArray<Pick<EpochRecord, "epoch" | "eigenvalue">>
): Stop | undefined {
  const smoothed = (epoch: number) => {
    const values = records.flatMap((record) =>
      record.epoch > epoch - window && record.epoch <= epoch ? (record.eigenvalue ?? []) : []
    )
    return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length
  }
  const last = records.reduce((latest, { epoch }) => Math.max(latest, epoch), -1)
  for (let epoch = 2 * window - 1; epoch <= last; epoch++) {
    const [before, now] = [smoothed(epoch - window), smoothed(epoch)]
    if (now > 0 && now >= floor && before < ratio * now) return { epoch, kept: epoch - window }
  }
  return undefined
}

/** How a search ended. */
interface SearchEnd {
  /** The epoch whose alpha is the result, counted from 0. */
  readonly kept: number
  /** Whether the stop rule ended it. */
  readonly stopped: boolean
}

/**
 * The end of a search with these records, if it has come: behind `readEpoch`, counted from 1,
 * whatever the rule says, else by the rule, else behind the last epoch.
 */
export function endOf(
  settings: { readonly epochs: number; readonly stop?: StopRule | undefined; readonly readEpoch?: number | undefined },
  records: ReadonlyArray<Pick<EpochRecord, "epoch" | "eigenvalue">>
): SearchEnd | undefined {
  const { epochs, stop: rule, readEpoch } = settings
  const stop = readEpoch === undefined && rule !== undefined ? stopOf(rule, records) : undefined
  if (stop !== undefined) return { kept: stop.kept, stopped: true }
  const last = (readEpoch ?? epochs) - 1
  return records.some(({ epoch }) => epoch === last) ? { kept: last, stopped: false } : undefined
}
