import { writeFileSync } from "node:fs"
import { type StoredTensor, writeSafetensors } from "../../src/adapters/tensor/safetensors.ts"
import { keyOf, uniformAt } from "../../src/domain/random.ts"

/** Write a file of 8×8 images in three classes, which their brightness tells apart. */
export function writeImages(file: string, counts: { readonly train: number; readonly test: number }): void {
  const part = (name: string, count: number): ReadonlyArray<readonly [string, StoredTensor]> => {
    const key = keyOf(name)
    const y = Int32Array.from({ length: count }, (_, i) => i % 3)
    const x = Float32Array.from({ length: count * 64 }, (_, i) => (uniformAt(key, i) + y[Math.floor(i / 64)]!) / 3)
    return [
      [`${name}/x`, { shape: [count, 1, 8, 8], data: x }],
      [`${name}/y`, { shape: [count], data: y }]
    ]
  }
  writeFileSync(file, writeSafetensors(new Map([...part("train", counts.train), ...part("test", counts.test)])))
}
