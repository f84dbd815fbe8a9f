import type { TrainingProtocol } from "../../training/protocol.ts"
import type { GradientProtocol } from "../gradient/settings.ts"

const darts = {
  version: 1,
  stem: "cifar",
  channels: 16,
  cells: 8,
  epochs: 50,
  batchSize: 64,
  optimizer: { _tag: "Sgd", momentum: 0.9, nesterov: false, weightDecay: 3e-4 },
  schedule: { _tag: "Cosine", first: 0.025, last: 0.001, epochs: 50 },
  clip: 5,
  dropPath: 0,
  auxiliaryWeight: 0,
  labelSmoothing: 0,
  augmentation: [],
  preparation: []
} as const satisfies TrainingProtocol

const nasBench201 = {
  ...darts,
  cells: 5,
  optimizer: { ...darts.optimizer, nesterov: true, weightDecay: 5e-4 }
} as const satisfies TrainingProtocol

/** How supernets are trained: the weights' part of the searches by gradients of the same names, without augmentation. */
export const SUPERNET_PROTOCOLS = {
  darts,
  "nas-bench-201": nasBench201,
  "nas-bench-201-small": {
    ...nasBench201,
    channels: 4,
    cells: 1,
    epochs: 25,
    schedule: { ...nasBench201.schedule, epochs: 25 }
  }
} as const satisfies Record<GradientProtocol, TrainingProtocol>

/** One of `SUPERNET_PROTOCOLS`. */
export type SupernetProtocolName = keyof typeof SUPERNET_PROTOCOLS

/** Whether a name is that of a supernet's protocol. */
export function isSupernetProtocol(name: string): name is SupernetProtocolName {
  return Object.hasOwn(SUPERNET_PROTOCOLS, name)
}
