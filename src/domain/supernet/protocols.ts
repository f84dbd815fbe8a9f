import * as Either from "effect/Either"
import { DARTS_PROTOCOLS, type DartsProtocol, dartsFields } from "../darts/settings.ts"
import { decodeSettings, grouped, optional } from "../setting/field.ts"
import { oneOf, text, whole } from "../setting/kind.ts"
import type { TrainingProtocol } from "../training/protocol.ts"

/** The training of the weights in a search by gradients, without augmentation. */
function weightsOf(name: DartsProtocol, sizes: Pick<TrainingProtocol, "channels" | "cells">): TrainingProtocol {
  const settings = Either.getOrThrow(decodeSettings(dartsFields, {}, { protocol: DARTS_PROTOCOLS[name] }))
  const { epochs, batchSize, learningRate, lastLearningRate, clip, momentum, nesterov, weightDecay } = settings
  return {
    version: 1,
    stem: "cifar",
    ...sizes,
    epochs,
    batchSize,
    optimizer: { _tag: "Sgd", momentum, nesterov, weightDecay },
    schedule: { _tag: "Cosine", first: learningRate, last: lastLearningRate, epochs },
    clip,
    dropPath: 0,
    auxiliaryWeight: 0,
    labelSmoothing: 0,
    augmentation: [],
    preparation: []
  }
}

/**
 * How supernets are trained: the weights' part of the searches by gradients of the same names,
 * without augmentation.
 */
export const SUPERNET_PROTOCOLS: Readonly<Record<SupernetProtocolName, TrainingProtocol>> = {
  darts: weightsOf("darts", { channels: 16, cells: 8 }),
  "nas-bench-201": weightsOf("nas-bench-201", { channels: 16, cells: 5 }),
  "nas-bench-201-small": weightsOf("nas-bench-201-small", { channels: 4, cells: 1 })
}

/** One of `SUPERNET_PROTOCOLS`. */
type SupernetProtocolName = Exclude<DartsProtocol, "quick">

/** Whether a name is that of a supernet's protocol. */
export function isSupernetProtocol(name: string): name is SupernetProtocolName {
  return Object.hasOwn(SUPERNET_PROTOCOLS, name)
}

const NAMES = Object.keys(SUPERNET_PROTOCOLS) as [SupernetProtocolName, ...ReadonlyArray<SupernetProtocolName>]

/** Settings of a supernet besides its images. */
export const supernetFields = grouped("Supernet", {
  protocol: optional(oneOf(...NAMES), "numbers of its training", "by the skeleton"),
  scoreBatches: optional(whole(1), "validation batches that score an architecture", "all"),
  supernetSeed: optional(text(), "its own seed", "that of the search"),
  supernetRun: optional(text("folder"), "keeps it, for further searches too", "within that of the run")
})
