import type { ImageShape } from "../domain/data/dataset.ts"
import type { TrainingProtocol } from "../domain/training/protocol.ts"
import type { TrainingAfterSearch } from "../domain/training/training_after_search.ts"
import { quoted } from "./quoted.ts"

/** Where an architecture and the images of its search come from. */
export interface SourcesOfSearch {
  readonly space: string
  /** `mnist` where absent. */
  readonly dataset?: string | undefined
  readonly data?: string | undefined
  readonly classes?: number | undefined
  readonly renumber?: boolean | undefined
}

/**
 * What to type after a search on images that found an architecture: train it from scratch, and take
 * its network along.
 */
export function nextCommands(
  architecture: string,
  { space, dataset = "mnist", data, classes, renumber }: SourcesOfSearch,
  training: TrainingAfterSearch,
  labels: number
): ReadonlyArray<string> {
  const subject = `--architecture ${quoted(architecture)} --space ${quoted(space)}`
  const words = [
    `npx tsx bin/evaluate.ts ${subject} --dataset ${dataset}`,
    ...(data === undefined ? [] : [`--data ${quoted(data)}`]),
    ...(classes === undefined ? [] : [`--classes ${classes}`]),
    ...(renumber === true ? ["--renumber"] : []),
    ...Object.entries(training.changes).map(([name, value]) => `${flagOf(name)} ${wordOf(value)}`)
  ]
  const [, height, width] = training.image
  const describe = `npx tsx bin/export.ts ${subject} ${networkFlags(training.protocol, training.image, labels)} --describe`
  return height === width ? [words.join(" "), describe] : [words.join(" ")]
}

/** The flags with which `export` builds the network of a training. */
export function networkFlags(
  { channels, cells, stem }: Pick<TrainingProtocol, "channels" | "cells" | "stem">,
  [imageChannels, height]: ImageShape,
  classes: number
): string {
  return [
    `--channels ${channels} --cells ${cells} --classes ${classes} --image ${height}`,
    ...(imageChannels === 3 ? [] : [`--image-channels ${imageChannels}`]),
    ...(stem === "cifar" ? [] : [`--stem ${stem}`])
  ].join(" ")
}

/**
 * How the training of the publication, `full`, differs from that of a command, which says how long
 * either takes.
 */
export function fullTraining(training: TrainingAfterSearch, full: TrainingAfterSearch): string | undefined {
  const flags = Object.keys(training.changes).filter((name) => !Object.hasOwn(full.changes, name))
  const [last, ...before] = flags.map(flagOf).reverse()
  if (last === undefined) return undefined
  const listed = before.length === 0 ? last : `${before.reverse().join(", ")} and ${last}`
  const { epochs } = full.protocol
  return `the whole protocol ${full.name}: that training without ${listed}, ${epochs} epochs; evaluate says how long either takes`
}

const flagOf = (name: string) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

function wordOf(value: number | string | boolean): string {
  return typeof value === "boolean" ? (value ? "yes" : "no") : String(value)
}
