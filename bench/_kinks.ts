import * as Either from "effect/Either"
import { buildProgram, type ProgramBuilder } from "../src/domain/program/builder.ts"
import { entriesOf, type Node, type NodeId } from "../src/domain/program/node.ts"
import { portOf } from "../src/domain/program/port.ts"
import type { Program } from "../src/domain/program/program.ts"
import { simplify } from "../src/domain/program/rewrite.ts"

/**
 * What a ReLU or a max pool decides over: its operand, as the output or the input `kink/<node>`.
 */
export interface Kinks {
  /** Gives what every ReLU and max pool sees. */
  readonly seen: Program
  /** The program with what they see set from outside; derivatives pass as if it were their own. */
  readonly pinned: Program
  readonly names: ReadonlyArray<string>
}

/**
 * A program whose ReLUs and max pools decide as another backend did. Where single precision moves a
 * number across a kink, the derivative jumps, and only the derivative on the same side can be
 * compared.
 */
export function kinksOf(program: Program): Kinks {
  const places = [...entriesOf(program.nodes)].flatMap(([at, node]) => (decides(node) ? [at] : []))
  const nameOf = (at: NodeId) => `kink/${at}`
  const seen = built((b) => {
    const moved = copied(b, program, (at) => at)
    for (const at of places) b.output(nameOf(at), moved[program.nodes[at]!.operands[0]!]!)
  })
  const pinned = built((b) => {
    const moved = copied(b, program, (operand, at) => {
      const own = b.add({ _tag: "Detach" }, operand)
      return b.plus(operand, b.minus(b.input(nameOf(at), b.shape(operand)), own))
    })
    for (const port of program.outputs.values()) b.output(port, moved[port.node]!)
  })
  return { seen: simplify(seen), pinned, names: places.map(nameOf) }
}

function decides({ operation }: Node): boolean {
  return operation._tag === "MaxPool" || (operation._tag === "Unary" && operation.kind === "relu")
}

function built(make: (b: ProgramBuilder) => void): Program {
  return Either.getOrThrow(buildProgram(make))
}

/** The nodes of a program, those that decide with another operand. */
function copied(
  b: ProgramBuilder,
  program: Program,
  operandOf: (operand: NodeId, at: NodeId) => NodeId
): ReadonlyArray<NodeId> {
  const moved: Array<NodeId> = []
  for (const [at, node] of entriesOf(program.nodes)) {
    const { operation, shape } = node
    const operands = node.operands.map((operand) => moved[operand]!)
    if (operation._tag === "Input") moved.push(b.input(portOf(program.inputs, operation.name), shape))
    else if (operation._tag === "Constant") moved.push(b.constant(operation.value, shape))
    else moved.push(b.add(operation, ...(decides(node) ? [operandOf(operands[0]!, at)] : operands)))
  }
  return moved
}
