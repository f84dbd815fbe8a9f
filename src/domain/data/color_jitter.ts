import { integerAt, type Key, uniformAt } from "../random.ts"

/**
 * How much colors may change: factors within 1 ± brightness, contrast, saturation; a turn of the
 * hue within ± hue.
 */
interface JitterStrength {
  readonly brightness: number
  readonly contrast: number
  readonly saturation: number
  readonly hue: number
}

/** Weights of red, green and blue in gray (ITU-R BT.601, in torchvision's rounding). */
const RED = 0.2989
const GREEN = 0.587
const BLUE = 0.114

/**
 * Change the colors of an image in place: [channels, pixels], values from 0 to 1. The four changes
 * come in random order. It takes the draws `first` to `first + 6` of the key. Images without three
 * channels keep saturation and hue.
 */
export function jitterColors(
  image: Float32Array,
  pixels: number,
  strength: JitterStrength,
  { key, first }: { readonly key: Key; readonly first: number }
): void {
  const colored = image.length === 3 * pixels
  const draw = (position: number) => 2 * uniformAt(key, first + position) - 1
  /** Four places of 2 bits each. */
  let order = 0b11_10_01_00
  for (let i = 3; i > 0; i--) order = exchanged(order, i, integerAt(key, first + 3 + i, i + 1))
  for (let i = 0; i < 4; i++) {
    const change = (order >> (2 * i)) & 3
    if (change === 0 && strength.brightness > 0) blend(image, 1 + strength.brightness * draw(0), 0)
    if (change === 1 && strength.contrast > 0) blend(image, 1 + strength.contrast * draw(1), meanGray(image, pixels))
    if (change === 2 && strength.saturation > 0 && colored) saturate(image, pixels, 1 + strength.saturation * draw(2))
    if (change === 3 && strength.hue > 0 && colored) turnHue(image, pixels, strength.hue * draw(3))
  }
}

/** An order with places i and j exchanged. */
function exchanged(order: number, i: number, j: number): number {
  const difference = ((order >> (2 * i)) ^ (order >> (2 * j))) & 3
  return order ^ (difference << (2 * i)) ^ (difference << (2 * j))
}

function unit(value: number): number {
  return Math.min(1, Math.max(0, value))
}

/** factor·image + (1 − factor)·other, within 0 and 1. */
function blend(image: Float32Array, factor: number, other: number): void {
  for (let i = 0; i < image.length; i++) image[i] = unit(factor * image[i]! + (1 - factor) * other)
}

function meanGray(image: Float32Array, pixels: number): number {
  let sum = 0
  if (image.length === 3 * pixels) {
    for (let i = 0; i < pixels; i++) sum += RED * image[i]! + GREEN * image[pixels + i]! + BLUE * image[2 * pixels + i]!
    return sum / pixels
  }
  for (let i = 0; i < image.length; i++) sum += image[i]!
  return sum / image.length
}

function saturate(image: Float32Array, pixels: number, factor: number): void {
  for (let i = 0; i < pixels; i++) {
    const gray = RED * image[i]! + GREEN * image[pixels + i]! + BLUE * image[2 * pixels + i]!
    for (let channel = i; channel < image.length; channel += pixels)
      image[channel] = unit(factor * image[channel]! + (1 - factor) * gray)
  }
}

/**
 * Turn the hue of each pixel by a fraction of the color circle; the largest and the smallest
 * channel keep their values.
 */
function turnHue(image: Float32Array, pixels: number, turn: number): void {
  for (let i = 0; i < pixels; i++) {
    const red = image[i]!
    const green = image[pixels + i]!
    const blue = image[2 * pixels + i]!
    const high = Math.max(red, green, blue)
    const chroma = high - Math.min(red, green, blue)
    if (chroma === 0) continue
    const sextant =
      high === red ? (green - blue) / chroma : high === green ? 2 + (blue - red) / chroma : 4 + (red - green) / chroma
    const turned = sextant + 6 * turn
    image[i] = high - chroma * below(5 + turned)
    image[pixels + i] = high - chroma * below(3 + turned)
    image[2 * pixels + i] = high - chroma * below(1 + turned)
  }
}

/**
 * How far a channel is below the largest, as a fraction of the chroma: 1 within a sextant of its
 * complement, 0 near itself.
 */
function below(sextant: number): number {
  const k = sextant - 6 * Math.floor(sextant / 6)
  return Math.max(0, Math.min(k, 4 - k, 1))
}
