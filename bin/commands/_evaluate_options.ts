import { DATASET_NAMES } from "../../src/domain/data/names.ts"
import { SPACE_NAMES } from "../../src/domain/space/spaces.ts"
import { TRAINING_PROTOCOLS } from "../../src/domain/training/protocol.ts"
import { BACKEND_OPTIONS, choice, flag, float, integer, LABEL_OPTIONS, text } from "./_options.ts"

/** Flags with the numbers of a training protocol, which they go before. */
export const PROTOCOL_OPTIONS = {
  protocol: choice(
    "protocol",
    Object.keys(TRAINING_PROTOCOLS),
    "numbers of a training (by the architecture's skeleton)"
  ),
  stem: choice("stem", ["cifar", "imagenet"], "how a network of DARTS's skeleton begins"),
  channels: integer("channels", "channels of the first cell"),
  cells: integer("cells", "cells, in nas-bench-201 of each stage"),
  epochs: integer("epochs", "epochs of the training"),
  batchSize: integer("batch-size", "images of a step"),
  learningRate: float("learning-rate", "learning rate of the first epoch"),
  lastLearningRate: float("last-learning-rate", "learning rate that a cosine ends with"),
  learningRateFactor: float("learning-rate-factor", "of the learning rate after each epoch, where it is exponential"),
  warmup: integer("warmup", "epochs over which the learning rate grows first; 0 for none"),
  momentum: float("momentum", "momentum of SGD"),
  weightDecay: float("weight-decay", "weight decay"),
  clip: float("clip", "largest norm of all gradients together; 0 for no limit"),
  dropPath: float("drop-path", "probability of dropping a path, which grows to this from 0"),
  auxiliaryWeight: float("auxiliary-weight", "weight of the auxiliary head's loss; 0 for no head"),
  labelSmoothing: float("label-smoothing", "share of a target that is spread over all classes"),
  crop: integer("crop", "black pixels around an image before a random crop; 0 for none"),
  flip: choice("flip", ["yes", "no"], "mirror images at random"),
  cutout: integer("cutout", "side of the square that is painted over; 0 for none"),
  imageSize: integer("image-size", "height and width of the images that the network sees (their own)")
}

/** Flags of a training from scratch. */
export const EVALUATE_OPTIONS = {
  architecture: text("architecture", "any text form, or a published genotype's name, as DARTS_V2"),
  space: text(
    "space",
    `${SPACE_NAMES.join(", ")}, or a JSON file with a space of your own; told by most architectures`
  ),
  dataset: choice("dataset", DATASET_NAMES, "the images to train on and to be tested on (mnist)"),
  data: text(
    "data",
    "folder, archive or file of the dataset, or an address with its checksum: https://...#sha256=...; an image-folder holds train/<class>/*.png and val/<class>/*.png; mnist needs none"
  ),
  ...LABEL_OPTIONS,
  images: integer("images", "training images that take part, drawn by the seed (all)"),
  validation: float("validation", "share of these images that is held out and measured after every epoch (0)"),
  ...PROTOCOL_OPTIONS,
  seed: text("seed", "any text; the same seed gives the same result (0)"),
  ...BACKEND_OPTIONS,
  run: text("run", "folder that keeps the run: the same command continues or shows it"),
  saveWeights: flag("save-weights", "end with the weights in the run's folder, for export"),
  config: text("config", "JSON file with settings; flags win over it"),
  json: flag("json", "end with one JSON object on standard output")
}
