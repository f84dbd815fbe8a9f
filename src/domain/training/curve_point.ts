/** The values of a run's curves at a step. */
export interface CurvePoint {
  /** Usually the number of epochs that have ended. */
  readonly step: number
  /** By the curve's name, such as `loss/training`; in single precision where they are shown. */
  readonly values: Readonly<Record<string, number>>
}
