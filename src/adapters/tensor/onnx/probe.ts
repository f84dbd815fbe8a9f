import { OnnxGraph } from "./model.ts"
import type { OnnxRuntime } from "./session.ts"

/**
 * Channels per block of ONNX Runtime's blocked convolution kernels on this CPU: 16 with AVX-512, 8
 * with AVX2, 0 where it has none. Found by asking it to bring numbers into blocks.
 */
export async function blockSize(runtime: OnnxRuntime): Promise<number> {
  const [channels, width] = [16, 2]
  const graph = new OnnxGraph()
  const image = graph.input("image", [1, channels, 1, width])
  const blocked = graph.operator("ReorderInput", [image], { domain: "com.microsoft.nchwc" })
  graph.output("blocked", blocked, [1, channels, 1, width])
  try {
    const session = await runtime.InferenceSession.create(graph.encode(), {
      executionProviders: ["cpu"],
      graphOptimizationLevel: "disabled",
      intraOpNumThreads: 1,
      logSeverityLevel: 4
    })
    const numbers = Float32Array.from({ length: channels * width }, (_, i) => i)
    const { blocked: result } = await session.run({
      image: new runtime.Tensor("float32", numbers, [1, channels, 1, width])
    })
    const order = Array.from((result?.data ?? []) as Float32Array)
    await session.release()
    return [16, 8].find((block) => inBlocks(channels, width, block).every((at, i) => order[i] === at)) ?? 0
  } catch {
    return 0
  }
}

/**
 * Row-major positions of an image's elements, in the order of blocks of channels, pixels, channels
 * of the block.
 */
function inBlocks(channels: number, width: number, block: number): ReadonlyArray<number> {
  return Array.from({ length: channels * width }, (_, i) => {
    const [group, rest] = [Math.floor(i / (block * width)), i % (block * width)]
    return (group * block + (rest % block)) * width + Math.floor(rest / block)
  })
}
