import * as Either from "effect/Either"
import type { Architecture } from "../architecture/architecture.ts"
import type { DatasetInfo, ImageShape } from "../data/dataset.ts"
import { cellSize, evaluationLogits, halves } from "../network/cell_networks.ts"
import { describeNetwork } from "../network/describe_network.ts"
import type { Space } from "../space/space.ts"
import {
  changedProtocol,
  isTrainingProtocol,
  type ProtocolChanges,
  protocolFields,
  TRAINING_PROTOCOLS,
  type TrainingProtocol,
  type TrainingProtocolName
} from "./protocol.ts"
import { usualProtocol } from "./usual_network.ts"

/** The settings of a search on images that its training from scratch goes by. */
export interface SearchOnImages extends ProtocolChanges {
  readonly dataset?: string | undefined
  readonly images?: number | undefined
  /** Of a search by gradients, or of the trainings or the supernet of a search by samples. */
  readonly protocol?: string | undefined
  /** `train` where candidates were trained from scratch, as the search says. */
  readonly evaluator?: string | undefined
}

/** A training from scratch of what a search found, which runs as it is. */
export interface TrainingAfterSearch {
  readonly name: TrainingProtocolName
  /** The settings that differ from the protocol of that name, by their names. */
  readonly changes: Readonly<Record<string, number | string | boolean>>
  readonly protocol: TrainingProtocol
  /** Of the images that the network sees. */
  readonly image: ImageShape
}

/** The training after a quick search: about a minute on two cores. */
const QUICK = { epochs: 5, batchSize: 32 } as const
const QUICK_DARTS = { ...QUICK, channels: 16, cells: 8 } as const

/** Images below this height and width are cut and painted over less than the publications do. */
const SMALL_IMAGE = 24

/**
 * How to train from scratch what a search found, on the images that it saw and in their size: by
 * the protocol of the publications, after a quick search for few epochs, and after trainings as
 * they were. What the images are too small or too few for is left out: the auxiliary head, a full
 * batch, the size of crops and squares. Digits are not mirrored.
 */
export function trainingAfterSearch(
  space: Space,
  architecture: Architecture,
  search: SearchOnImages,
  { shape, train, classes }: Pick<DatasetInfo, "shape" | "train" | "classes">
): TrainingAfterSearch {
  const [channels, height, width] = shape
  const { imageSize: asked = Math.max(height, width), images = train } = search
  const isSmaller = asked < height || asked < width
  const image: ImageShape = isSmaller ? [channels, asked, asked] : shape
  const trained = search.evaluator === "train"
  const name =
    trained && search.protocol !== undefined && isTrainingProtocol(search.protocol)
      ? search.protocol
      : usualProtocol(space, image)
  const own = TRAINING_PROTOCOLS[name]
  const quick = search.protocol !== "quick" ? {} : halves(space) ? QUICK_DARTS : QUICK
  const small = Math.min(image[1], image[2])
  const reduced =
    small >= SMALL_IMAGE
      ? {}
      : { crop: Math.floor(small / 8), ...(has(own, "Cutout") ? { cutout: Math.floor(small / 2) } : {}) }
  const first: Changes = {
    ...(images < train ? { images } : {}),
    ...(isSmaller || search.dataset === "image-folder" ? { imageSize: asked } : {}),
    ...reduced,
    ...(search.dataset === "mnist" || search.dataset === undefined ? { flip: false } : {}),
    ...quick,
    ...(trained ? given(search) : {})
  }
  const batchSize = Number(first.batchSize ?? own.batchSize)
  const fitting: Changes = batchSize > images ? { ...first, batchSize: Math.min(images, QUICK.batchSize) } : first
  const protocol = changedProtocol(own, fitting)
  if (protocol.auxiliaryWeight === 0 || hasHead(space, architecture, protocol, image, classes))
    return { name, changes: fitting, protocol, image }
  const changes = { ...fitting, auxiliaryWeight: 0 }
  return { name, changes, protocol: changedProtocol(own, changes), image }
}

type Changes = Readonly<Record<string, number | string | boolean>>

function has({ augmentation }: TrainingProtocol, tag: string): boolean {
  return augmentation.some(({ _tag }) => _tag === tag)
}

/** The changes of a protocol that a search names, those that a flag can say. */
function given(search: ProtocolChanges): Changes {
  const values: Readonly<Record<string, unknown>> = { ...search }
  return Object.fromEntries(
    [...Object.keys(protocolFields), "imageSize"].flatMap((name) => {
      const value = values[name]
      return typeof value === "number" || typeof value === "string" || typeof value === "boolean" ? [[name, value]] : []
    })
  )
}

/** Whether the images are large enough for the auxiliary head. */
function hasHead(
  space: Space,
  architecture: Architecture,
  { channels, cells, stem }: TrainingProtocol,
  image: ImageShape,
  classes: number
): boolean {
  const sizes = { channels, ...cellSize(space, cells), stem, classes, auxiliary: true }
  return Either.isRight(
    describeNetwork([1, ...image], (net, x) => evaluationLogits(net, x, space, architecture, sizes))
  )
}
