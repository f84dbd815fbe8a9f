import { integerAt, type Key, uniformAt } from "../random.ts"
import type { Augmentation } from "./augmentation.ts"
import { jitterColors } from "./color_jitter.ts"
import type { ImageShape } from "./dataset.ts"
import { makeResample, type Window } from "./resample.ts"

/** A list of augmentations for images of one shape, with the buffers that it works in. */
interface Augmenter {
  /** The shape that images have afterwards. */
  readonly shape: ImageShape
  /** [channels, height, width] of the image to augment, to be filled before each `augment`. */
  readonly input: Float32Array
  /** The augmented image, valid until the next call. A sample's key decides all draws. */
  readonly augment: (key: Key) => Float32Array
}

/**
 * Draws that an augmentation may take of a sample's key; number i of the list begins at i·DRAWS.
 */
const DRAWS = 64

/** Changes `from` in place and returns it, or writes to `to` and returns that. */
type Step = (from: Float32Array, to: Float32Array, key: Key) => Float32Array

/**
 * An augmenter; `fill` is what `Cutout` paints with, by channel. Nothing but draws is allocated per
 * image.
 */
export function makeAugmenter(
  shape: ImageShape,
  augmentations: ReadonlyArray<Augmentation>,
  fill: ReadonlyArray<number>
): Augmenter {
  const shapes = [shape]
  for (const augmentation of augmentations) shapes.push(augmentedShape(shapes.at(-1)!, augmentation))
  const steps = augmentations.map((augmentation, i) => makeStep(augmentation, shapes[i]!, { first: i * DRAWS, fill }))
  const largest = Math.max(...shapes.map(([channels, height, width]) => channels * height * width))
  const memory = [new Float32Array(largest), new Float32Array(largest)] as const
  const views = shapes.map(([channels, height, width]) =>
    memory.map((buffer) => buffer.subarray(0, channels * height * width))
  )
  return {
    shape: shapes.at(-1)!,
    input: views[0]![0]!,
    augment: (key) => {
      let place = 0
      for (let i = 0; i < steps.length; i++) {
        const to = views[i + 1]![1 - place]!
        if (steps[i]!(views[i]![place]!, to, key) === to) place = 1 - place
      }
      return views[steps.length]![place]!
    }
  }
}

/** The shape that images of a shape have after one augmentation. */
export function augmentedShape([channels, height, width]: ImageShape, augmentation: Augmentation): ImageShape {
  switch (augmentation._tag) {
    case "CenterCrop":
    case "Resize":
    case "RandomResizedCrop":
      return [channels, augmentation.height, augmentation.width]
    case "RandomCrop":
    case "Flip":
    case "Cutout":
    case "ColorJitter":
      return [channels, height, width]
  }
}

function makeStep(
  augmentation: Augmentation,
  shape: ImageShape,
  { first, fill }: { readonly first: number; readonly fill: ReadonlyArray<number> }
): Step {
  const [channels, height, width] = shape
  const whole: Window = { top: 0, left: 0, height, width }
  switch (augmentation._tag) {
    case "RandomCrop": {
      const places = 2 * augmentation.padding + 1
      return (from, to, key) => {
        const top = integerAt(key, first, places) - augmentation.padding
        const left = integerAt(key, first + 1, places) - augmentation.padding
        return crop(from, shape, to, { top, left, height, width })
      }
    }
    case "CenterCrop": {
      const window = {
        top: Math.floor((height - augmentation.height) / 2),
        left: Math.floor((width - augmentation.width) / 2),
        height: augmentation.height,
        width: augmentation.width
      }
      return (from, to) => crop(from, shape, to, window)
    }
    case "Flip":
      return (from, _, key) => {
        if (uniformAt(key, first) < 0.5) mirror(from, width)
        return from
      }
    case "Cutout": {
      const half = Math.floor(augmentation.size / 2)
      return (from, _, key) => {
        const top = integerAt(key, first, height) - half
        const left = integerAt(key, first + 1, width) - half
        const bottom = Math.min(height, top + augmentation.size)
        const right = Math.min(width, left + augmentation.size)
        for (let channel = 0; channel < channels; channel++)
          for (let y = Math.max(0, top); y < bottom; y++) {
            const row = (channel * height + y) * width
            from.fill(fill[channel] ?? 0, row + Math.max(0, left), row + right)
          }
        return from
      }
    }
    case "Resize": {
      const resample = makeResample(shape, [augmentation.height, augmentation.width], "Area")
      return (from, to) => {
        resample(from, to, whole)
        return to
      }
    }
    case "RandomResizedCrop": {
      const resample = makeResample(shape, [augmentation.height, augmentation.width], "Linear")
      const window = { ...whole }
      return (from, to, key) => {
        drawWindow(window, augmentation, shape, { key, first })
        resample(from, to, window)
        return to
      }
    }
    case "ColorJitter":
      return (from, _, key) => {
        jitterColors(from, height * width, augmentation, { key, first })
        return from
      }
  }
}

/** Reverse every row. */
function mirror(image: Float32Array, width: number): void {
  for (let row = 0; row < image.length; row += width)
    for (let left = row, right = row + width - 1; left < right; left++, right--) {
      const value = image[left]!
      image[left] = image[right]!
      image[right] = value
    }
}

/** Copy a window, which may stick out, to an image of its size; what is outside is black. */
function crop(
  from: Float32Array,
  [channels, height, width]: ImageShape,
  to: Float32Array,
  window: Readonly<Window>
): Float32Array {
  to.fill(0)
  const left = Math.max(0, window.left)
  const right = Math.min(width, window.left + window.width)
  for (let channel = 0; channel < channels; channel++)
    for (let y = Math.max(0, -window.top); y < window.height && window.top + y < height; y++) {
      const source = (channel * height + window.top + y) * width
      const target = (channel * window.height + y) * window.width - window.left
      for (let x = left; x < right; x++) to[target + x] = from[source + x]!
    }
  return to
}

/**
 * Ten tries for a window of random area and aspect ratio that fits; else the largest central one
 * within the ratios.
 */
function drawWindow(
  window: Window,
  { scale, ratio }: Extract<Augmentation, { _tag: "RandomResizedCrop" }>,
  [, height, width]: ImageShape,
  { key, first }: { readonly key: Key; readonly first: number }
): void {
  for (let attempt = 0; attempt < 10; attempt++) {
    const draw = first + 4 * attempt
    const area = height * width * (scale[0] + (scale[1] - scale[0]) * uniformAt(key, draw))
    const aspect = ratio[0] * (ratio[1] / ratio[0]) ** uniformAt(key, draw + 1)
    window.width = Math.round(Math.sqrt(area * aspect))
    window.height = Math.round(Math.sqrt(area / aspect))
    if (window.width < 1 || window.height < 1 || window.width > width || window.height > height) continue
    window.top = integerAt(key, draw + 2, height - window.height + 1)
    window.left = integerAt(key, draw + 3, width - window.width + 1)
    return
  }
  const aspect = Math.min(ratio[1], Math.max(ratio[0], width / height))
  window.width = Math.max(1, Math.min(width, Math.round(height * aspect)))
  window.height = Math.max(1, Math.min(height, Math.round(width / aspect)))
  window.top = Math.floor((height - window.height) / 2)
  window.left = Math.floor((width - window.width) / 2)
}
