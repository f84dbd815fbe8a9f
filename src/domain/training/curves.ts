import type { CurvePoint } from "./curve_point.ts"
import type { TrainedEpoch } from "./record.ts"

/**
 * The curves of a training from scratch after an epoch, named as those of a gradient search.
 * Without validation images there are none of these.
 */
export function trainedPoint({ epoch, training, validation, learningRate, dropPath }: TrainedEpoch): CurvePoint {
  return {
    step: epoch + 1,
    values: {
      "loss/training": training.loss,
      ...(validation === null ? {} : { "loss/validation": validation.loss }),
      "accuracy/training": training.accuracy,
      ...(validation === null ? {} : { "accuracy/validation": validation.accuracy }),
      "learning_rate/weights": learningRate,
      drop_path: dropPath
    }
  }
}
