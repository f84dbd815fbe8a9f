import * as Either from "effect/Either"
import { buildProgram } from "./builder.ts"
import { copyNodes } from "./copy.ts"
import { type Named, portOf } from "./port.ts"
import type { Program } from "./program.ts"

/**
 * The same outputs from fewer nodes: what no output needs is gone, equal nodes are one, constants
 * are folded and the builder's identities applied. `outputs` narrows what is kept. Inputs that
 * nothing needs are gone too.
 */
export function simplify(program: Program, outputs: Iterable<Named> = program.outputs.keys()): Program {
  const kept = [...outputs].map((named) => portOf(program.outputs, named))
  const needed = new Uint8Array(program.nodes.length)
  for (const { node } of kept) needed[node] = 1
  for (let at = program.nodes.length - 1; at >= 0; at--) {
    if (needed[at] === 1) for (const operand of program.nodes[at]!.operands) needed[operand] = 1
  }
  const built = buildProgram((b) => {
    const copied = copyNodes(b, program, { only: (at) => needed[at] === 1 })
    for (const port of kept) b.output(port, copied.node(port.node))
  })
  // The nodes fit each other in the program already, so they do in its copy.
  const once = Either.getOrThrow(built)
  return once.nodes.length < program.nodes.length ? simplify(once) : once
}

/**
 * For each node the last node that reads it, or the end of the program where it is an output; −1
 * where none does.
 */
export function lastReaders(program: Program): Int32Array {
  const last = new Int32Array(program.nodes.length).fill(-1)
  for (const [at, { operands }] of program.nodes.entries()) for (const operand of operands) last[operand] = at
  for (const { node } of program.outputs.values()) last[node] = program.nodes.length
  return last
}
