import type { Genotype } from "../architecture/genotype.ts"
import { DARTS_LAYERS } from "./darts_operations.ts"

/** Why no network is built of a genotype, and in which of its fields, by their Python names. */
interface GenotypeFault {
  readonly part: "normal" | "reduce" | "normal_concat" | "reduce_concat"
  readonly problem: string
}

/**
 * Why `dartsEvaluationNetwork` cannot build a genotype, if it cannot: it needs two edges a node,
 * from earlier nodes, with operations that have a layer, and nodes to join. A reduction cell cannot
 * join its inputs, which are twice as large as its nodes.
 */
export function genotypeFault(genotype: Genotype): GenotypeFault | undefined {
  const parts = [
    ["normal", genotype.normal, genotype.normalConcat],
    ["reduce", genotype.reduce, genotype.reduceConcat]
  ] as const
  for (const [part, edges, concat] of parts) {
    const edgeFault = edgesProblem(part, edges)
    if (edgeFault !== undefined) return { part, problem: edgeFault }
    const problem = outputProblem(part, 2 + edges.length / 2, concat)
    if (problem !== undefined) return { part: `${part}_concat`, problem }
  }
  return undefined
}

function edgesProblem(part: string, edges: Genotype["normal"]): string | undefined {
  if (edges.length === 0 || edges.length % 2 === 1) return `${part} has ${edges.length} edges instead of two per node`
  for (const [i, [operation, input]] of edges.entries()) {
    const place = `edge ${i + 1} of ${part}`
    if (!DARTS_LAYERS.has(operation)) {
      const known = [...DARTS_LAYERS.keys()].join(", ")
      return `${place} has the operation "${operation}", which has no layer; known are ${known}`
    }
    const node = 2 + Math.floor(i / 2)
    if (input >= node) return `${place} comes from node ${input}, which does not lead to node ${node}`
  }
  return undefined
}

function outputProblem(part: string, nodes: number, concat: ReadonlyArray<number>): string | undefined {
  const unknown = concat.find((node) => node >= nodes)
  if (unknown !== undefined) return `${part}_concat joins node ${unknown} of ${nodes}`
  if (concat.length === 0) return `${part}_concat joins no node`
  const input = part === "reduce" ? concat.find((node) => node < 2) : undefined
  if (input === undefined) return undefined
  const own = `${nodes === 3 ? "node 2" : `nodes 2 to ${nodes - 1}`}`
  return `reduce_concat joins node ${input}, an input of the cell, which is twice as large as its nodes: join ${own}`
}
