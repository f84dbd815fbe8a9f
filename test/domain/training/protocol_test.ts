import * as Schema from "@effect/schema/Schema"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import {
  changedProtocol,
  type ProtocolChanges,
  TRAINING_PROTOCOLS,
  TrainingProtocol
} from "../../../src/domain/training/protocol.ts"

const { "darts-cifar": cifar, "darts-imagenet": imagenet, "nas-bench-201": nasBench } = TRAINING_PROTOCOLS

const published = suite("TRAINING_PROTOCOLS")

published("are whole protocols", () => {
  for (const protocol of Object.values(TRAINING_PROTOCOLS))
    assert.equal(Schema.decodeUnknownSync(TrainingProtocol)(protocol), protocol)
})

published("hold DARTS's numbers for CIFAR", () => {
  const { cells, channels, epochs, batchSize, clip, dropPath, auxiliaryWeight, labelSmoothing } = cifar
  assert.equal(
    [cells, channels, epochs, batchSize, clip, dropPath, auxiliaryWeight, labelSmoothing],
    [20, 36, 600, 96, 5, 0.2, 0.4, 0]
  )
  assert.equal(cifar.optimizer, { _tag: "Sgd", momentum: 0.9, nesterov: false, weightDecay: 3e-4 })
  assert.equal(cifar.schedule, { _tag: "Cosine", first: 0.025, last: 0, epochs: 600 })
  assert.equal(cifar.augmentation, [{ _tag: "RandomCrop", padding: 4 }, { _tag: "Flip" }, { _tag: "Cutout", size: 16 }])
  assert.is(cifar.stem, "cifar")
})

published("hold DARTS's numbers for ImageNet", () => {
  const { cells, channels, epochs, batchSize, clip, dropPath, auxiliaryWeight, labelSmoothing } = imagenet
  assert.equal(
    [cells, channels, epochs, batchSize, clip, dropPath, auxiliaryWeight, labelSmoothing],
    [14, 48, 250, 128, 5, 0, 0.4, 0.1]
  )
  assert.equal(imagenet.optimizer, { _tag: "Sgd", momentum: 0.9, nesterov: false, weightDecay: 3e-5 })
  assert.equal(imagenet.schedule, { _tag: "Exponential", first: 0.1, factor: 0.97 })
  assert.equal(
    imagenet.augmentation.map(({ _tag }) => _tag),
    ["RandomResizedCrop", "Flip", "ColorJitter"]
  )
  assert.equal(imagenet.preparation, [{ _tag: "CenterCrop", height: 224, width: 224 }])
  assert.equal([imagenet.stem, imagenet.readSize], ["imagenet", 256])
})

published("hold the numbers of NAS-Bench-201", () => {
  const { cells, channels, epochs, batchSize, dropPath, auxiliaryWeight, labelSmoothing } = nasBench
  assert.equal(
    [cells, channels, epochs, batchSize, dropPath, auxiliaryWeight, labelSmoothing],
    [5, 16, 200, 256, 0, 0, 0]
  )
  assert.equal(nasBench.optimizer, { _tag: "Sgd", momentum: 0.9, nesterov: true, weightDecay: 5e-4 })
  assert.equal(nasBench.schedule, { _tag: "Cosine", first: 0.1, last: 0, epochs: 200 })
  assert.equal(nasBench.augmentation, [{ _tag: "RandomCrop", padding: 4 }, { _tag: "Flip" }])
  assert.not.ok("clip" in nasBench)
})

published.run()

const changed = suite("changedProtocol()")

changed("leaves a protocol alone without changes", () => {
  for (const protocol of Object.values(TRAINING_PROTOCOLS)) assert.equal(changedProtocol(protocol, {}), protocol)
})

const cosine = cifar.schedule
const sgd = cifar.optimizer
for (const [changes, expected] of [
  [{ stem: "imagenet" }, { stem: "imagenet" }],
  [{ channels: 7 }, { channels: 7 }],
  [{ cells: 7 }, { cells: 7 }],
  [{ epochs: 7 }, { epochs: 7, schedule: { ...cosine, epochs: 7 } }],
  [{ batchSize: 7 }, { batchSize: 7 }],
  [{ learningRate: 7 }, { schedule: { ...cosine, first: 7 } }],
  [{ lastLearningRate: 7 }, { schedule: { ...cosine, last: 7 } }],
  [{ warmup: 7 }, { schedule: { _tag: "LinearWarmup", epochs: 7, schedule: cosine } }],
  [{ momentum: 0.5 }, { optimizer: { ...sgd, momentum: 0.5 } }],
  [{ weightDecay: 0.5 }, { optimizer: { ...sgd, weightDecay: 0.5 } }],
  [{ clip: 7 }, { clip: 7 }],
  [{ dropPath: 0.7 }, { dropPath: 0.7 }],
  [{ auxiliaryWeight: 0.7 }, { auxiliaryWeight: 0.7 }],
  [{ labelSmoothing: 0.7 }, { labelSmoothing: 0.7 }],
  [{ crop: 2 }, { augmentation: [{ _tag: "RandomCrop", padding: 2 }, { _tag: "Flip" }, { _tag: "Cutout", size: 16 }] }],
  [{ crop: 0 }, { augmentation: [{ _tag: "Flip" }, { _tag: "Cutout", size: 16 }] }],
  [
    { flip: false },
    {
      augmentation: [
        { _tag: "RandomCrop", padding: 4 },
        { _tag: "Cutout", size: 16 }
      ]
    }
  ],
  [{ flip: true }, {}],
  [{ cutout: 0 }, { augmentation: [{ _tag: "RandomCrop", padding: 4 }, { _tag: "Flip" }] }],
  [
    { cutout: 3, augmentation: [{ _tag: "Flip" }] },
    {
      augmentation: [{ _tag: "Flip" }, { _tag: "Cutout", size: 3 }]
    }
  ],
  [
    { imageSize: 12 },
    {
      readSize: 12,
      augmentation: [{ _tag: "Resize", height: 12, width: 12 }, ...cifar.augmentation],
      preparation: [{ _tag: "Resize", height: 12, width: 12 }]
    }
  ],
  [
    { optimizer: { _tag: "Adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }, momentum: 0.1 },
    {
      optimizer: { _tag: "Adam", beta1: 0.1, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }
    }
  ],
  [{ schedule: { _tag: "Constant", first: 1 }, learningRate: 2 }, { schedule: { _tag: "Constant", first: 2 } }]
] as ReadonlyArray<readonly [ProtocolChanges, Partial<TrainingProtocol>]>) {
  changed(`changes what is asked for, ${JSON.stringify(changes)}, and nothing else`, () => {
    assert.equal(changedProtocol(cifar, changes), { ...cifar, ...expected })
  })
}

changed("takes the clip away with 0", () => {
  const { clip: _, ...rest } = cifar
  assert.equal(changedProtocol(cifar, { clip: 0 }), rest)
})

changed("keeps an exponential's kind, and its warm-up", () => {
  const { schedule } = changedProtocol(imagenet, { learningRate: 0.5, learningRateFactor: 0.9, epochs: 3, warmup: 2 })
  const inner = { _tag: "Exponential", first: 0.5, factor: 0.9 }
  assert.equal(schedule, { _tag: "LinearWarmup", epochs: 2, schedule: inner })
  const again = changedProtocol({ ...imagenet, schedule }, { learningRate: 0.25 })
  assert.equal(again.schedule, { _tag: "LinearWarmup", epochs: 2, schedule: { ...inner, first: 0.25 } })
})

changed("brings windows to the size, and what is read in proportion", () => {
  const { augmentation, preparation, readSize } = changedProtocol(imagenet, { imageSize: 112 })
  assert.is(readSize, 128)
  assert.equal(preparation, [{ _tag: "CenterCrop", height: 112, width: 112 }])
  assert.equal(augmentation[0], { ...imagenet.augmentation[0], height: 112, width: 112 })
  assert.equal(augmentation.slice(1), imagenet.augmentation.slice(1))
})

changed("drops nesterov where there is no momentum to look ahead with", () => {
  assert.equal(changedProtocol(nasBench, { momentum: 0 }).optimizer, {
    ...nasBench.optimizer,
    momentum: 0,
    nesterov: false
  })
})

changed.run()
