import * as Either from "effect/Either"
import { buildProgram } from "./builder.ts"
import { copyNodes } from "./differentiate.ts"
import type { Program } from "./program.ts"

/**
 * The same outputs from fewer nodes: what no output needs is gone, equal nodes are one, constants are folded and the
 * builder's identities applied. `outputs` narrows what is kept. Inputs that nothing needs are gone too.
 */
export function simplify(program: Program, outputs: Iterable<string> = program.outputs.keys()): Program {
  const kept = [...outputs]
  const needed = new Uint8Array(program.nodes.length)
  for (const name of kept) needed[program.outputs.get(name)!] = 1
  for (let at = program.nodes.length - 1; at >= 0; at--) {
    if (needed[at] === 1) for (const operand of program.nodes[at]!.operands) needed[operand] = 1
  }
  const once = Either.getOrThrow(
    buildProgram((b) => {
      const moved = copyNodes(b, program, { only: (at) => needed[at] === 1 })
      for (const name of kept) b.output(name, moved[program.outputs.get(name)!]!)
    })
  )
  return once.nodes.length < program.nodes.length ? simplify(once) : once
}

/** For each node the last node that reads it, or the end of the program where it is an output; −1 where none does. */
export function lastReaders(program: Program): Int32Array {
  const last = new Int32Array(program.nodes.length).fill(-1)
  for (const [at, { operands }] of program.nodes.entries()) for (const operand of operands) last[operand] = at
  for (const at of program.outputs.values()) last[at] = program.nodes.length
  return last
}
