/**
 * The two levels of the search: alpha, by the validation loss, and the weights, by the training
 * loss.
 */
export type Level = "alpha" | "weights"

/** Both levels. */
export const LEVELS: ReadonlyArray<Level> = ["alpha", "weights"]
