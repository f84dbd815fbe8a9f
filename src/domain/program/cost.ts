import type { Node } from "./node.ts"
import { elementCount, type Program } from "./program.ts"
import { lastReaders } from "./rewrite.ts"

/** What running a program once costs, read off its graph. */
export interface Cost {
  /** Multiplications with an addition, of convolutions and matrix products. */
  readonly multiplyAdds: number
  /** Bytes read and written by all nodes, if each goes through memory. */
  readonly bytesMoved: number
  /**
   * Largest number of bytes alive at once, inputs included, when every tensor is freed after its
   * last reader.
   */
  readonly peakBytes: number
  readonly nodes: number
}

/** The cost of a program whose elements have `bytesPerElement` bytes. */
export function programCost(program: Program, bytesPerElement = 4): Cost {
  const last = lastReaders(program)
  const freed: Array<Array<number>> = []
  for (const [at, reader] of last.entries()) if (reader >= 0) (freed[reader] ??= []).push(at)
  let [multiplyAdds, moved, alive, peak] = [0, 0, 0, 0]
  for (const [at, node] of program.nodes.entries()) {
    multiplyAdds += multiplyAddsOf(program, node)
    moved += elementCount(node.shape)
    for (const operand of node.operands) moved += elementCount(program.nodes[operand]!.shape)
    alive += elementCount(node.shape)
    peak = Math.max(peak, alive)
    for (const done of freed[at] ?? []) alive -= elementCount(program.nodes[done]!.shape)
    if (last[at] === -1) alive -= elementCount(node.shape)
  }
  return {
    multiplyAdds,
    bytesMoved: moved * bytesPerElement,
    peakBytes: peak * bytesPerElement,
    nodes: program.nodes.length
  }
}

/** Multiply-adds of one node; 0 but for convolutions and matrix products. */
function multiplyAddsOf(program: Program, { operation, operands, shape }: Node): number {
  const operand = (i: number) => program.nodes[operands[i]!]!.shape
  switch (operation._tag) {
    case "MatMul":
      return elementCount(shape) * operand(0).at(-1)!
    case "Convolution":
      return elementCount(shape) * elementCount(operand(1).slice(1))
    case "ConvolutionImage":
      return elementCount(operand(0)) * elementCount(operand(1).slice(1))
    case "ConvolutionFilter":
      return elementCount(operand(1)) * elementCount(shape.slice(1))
    default:
      return 0
  }
}
