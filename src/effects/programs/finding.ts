import type { BackendName } from "../../domain/data/names.ts"

/** What was found out about a backend. */
export interface Finding {
  readonly backend: BackendName
  readonly available: boolean
  /** Why it is not available. */
  readonly problem: string | null
  readonly cure: string | null
  readonly device: string | null
  readonly versions: Readonly<Record<string, string>>
  /** Median time of a small convolution with its gradients, in milliseconds. */
  readonly milliseconds: number | null
  /**
   * Largest difference from the reference in double precision, relative to a tensor's largest
   * element.
   */
  readonly parityError: number | null
  readonly composed: ReadonlyArray<string>
}

/** Largest `parityError` of a sound backend. */
const PARITY_TOLERANCE = 1e-4

/** Whether a backend that is available computes what the reference computes. */
export function isSound({ available, parityError }: Finding): boolean {
  return !available || (parityError !== null && parityError < PARITY_TOLERANCE)
}
