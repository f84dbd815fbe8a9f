import * as Schema from "@effect/schema/Schema"

/**
 * When a search has gone too far: the dominant eigenvalue of ∇²α L_val, averaged over `window` epochs, has grown within `window` epochs
 * by more than 1 / `ratio`.
 */
export const StopRule = Schema.Struct({
  window: Schema.optionalWith(Schema.Int.pipe(Schema.positive()), { default: () => 5 }),
  ratio: Schema.optionalWith(Schema.Number.pipe(Schema.greaterThan(0), Schema.lessThan(1)), { default: () => 0.75 })
}).annotations({ identifier: "StopRule" })
export interface StopRule extends Schema.Schema.Type<typeof StopRule> {}

/** A search is over after `epoch`, and the alpha after epoch `kept` is its result. Epochs count from 0. */
export interface Stop {
  readonly epoch: number
  readonly kept: number
}

/** Whether a search of so many epochs is long enough for a stop. */
export function canStop({ window }: StopRule, epochs: number): boolean {
  return epochs >= 2 * window
}

/**
 * The first stop that a rule finds in the eigenvalues after each epoch, if any: the mean λ̄(i) of epochs i − window + 1 … i is compared with
 * λ̄(i − window), and where λ̄(i − window) / λ̄(i) < ratio the alpha of epoch i − window is kept. So no stop comes before epoch 2·window − 1.
 *
 * Source: DARTS-ES, Zela et al. 2020 (arXiv 1909.09656) 4.3. Differs from the paper: it smooths around i, here the window ends at i, so that
 * a running search can tell.
 */
export function stopOf({ window, ratio }: StopRule, eigenvalues: ReadonlyArray<number>): Stop | undefined {
  const smoothed = (epoch: number) =>
    eigenvalues.slice(epoch - window + 1, epoch + 1).reduce((sum, value) => sum + value, 0) / window
  for (let epoch = 2 * window - 1; epoch < eigenvalues.length; epoch++) {
    const [before, now] = [smoothed(epoch - window), smoothed(epoch)]
    if (now > 0 && before < ratio * now) return { epoch, kept: epoch - window }
  }
  return undefined
}
