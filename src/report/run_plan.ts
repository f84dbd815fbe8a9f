import type { DatasetInfo, ImageShape } from "../domain/data/dataset.ts"
import type { TrainingProtocol } from "../domain/training/protocol.ts"
import type { DartsPlan } from "../effects/programs/darts_step.ts"
import type { TrainingPlan } from "../effects/programs/train_network.ts"

const count = (value: number) => value.toLocaleString("en-US")
const plural = (value: number, word: string) => `${count(value)} ${word}${value === 1 ? "" : "s"}`

/** The settings that make a search by gradients shorter, and a training. */
export const SHORTER = {
  search: "give lower --epochs, --images, --image-size, --channels or --cells, or --protocol quick",
  training: "give lower --epochs, --images, --image-size, --channels or --cells",
  trainings: "give lower --samples, --neighbors, --epochs, --images, --image-size, --channels or --cells"
} as const

/** What a search by gradients is about to do: epochs, steps, images and the network. */
export function dartsPlanLine(
  plan: DartsPlan,
  { channels, cells, protocol }: { readonly channels: number; readonly cells: number; readonly protocol: string },
  info: DatasetInfo,
  weights: number
): string {
  const { settings, network, examples, space } = plan
  const { epochs, batchSize, weightShare } = settings
  const ofWeights = Math.floor(weightShare * examples)
  const steps = Math.floor(Math.min(ofWeights, examples - ofWeights) / batchSize)
  return [
    `protocol ${protocol}: ${plural(epochs, "epoch")} of ${plural(steps, "step")} of ${batchSize} images a level`,
    `${count(examples)} images of ${info.name} (${network.image.slice(1).join("×")})`,
    `search network of ${space.name} with ${plural(channels, "channel")}, ${plural(cells, "cell")}, ${count(weights)} weights`
  ].join("; ")
}

/** What a training is about to do, by the protocol of a name. */
export function trainingPlanLine(
  name: string,
  protocol: TrainingProtocol,
  { parts, epochs }: Pick<TrainingPlan, "parts" | "epochs">,
  info: DatasetInfo,
  shape: ImageShape,
  parameters?: number
): string {
  const images = parts.training.length
  const steps = Math.floor(images / protocol.batchSize)
  const size = parameters === undefined ? "" : `, ${count(parameters)} parameters`
  return [
    `protocol ${name}: ${plural(epochs, "epoch")} of about ${plural(steps, "step")} of ${protocol.batchSize} images`,
    `${count(images)} images of ${info.name} (${shape.join("×")})`,
    `network of ${plural(protocol.channels, "channel")}, ${plural(protocol.cells, "cell")}${size}`
  ].join("; ")
}
