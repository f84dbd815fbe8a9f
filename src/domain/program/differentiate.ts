import type * as Either from "effect/Either"
import { buildProgram, type ProgramBuilder } from "./builder.ts"
import { type Copied, copyNodes, copyOutputs } from "./copy.ts"
import { operandGradients } from "./derivative.ts"
import { entriesBackFrom, entriesOf, type NodeId } from "./node.ts"
import { fullName, type Named } from "./port.ts"
import { type Program, type ProgramError, sameShape } from "./program.ts"

/** What is differentiated. */
export interface Differentiation {
  /** The output whose gradient is taken: a tensor of one element. */
  readonly loss: Named
  /** The new outputs, each with the input that the loss is differentiated by. */
  readonly gradients: Iterable<readonly [output: Named, input: Named]>
}

/**
 * The program with further outputs: the gradients of a loss by inputs. Reverse mode, in time and
 * memory proportional to the program; only what the gradients need is made. The result is a program
 * like any other, so its outputs can be differentiated again: second order is exact. An input that
 * the loss does not depend on has the gradient 0.
 */
export function differentiate(program: Program, what: Differentiation): Either.Either<Program, ProgramError> {
  return buildProgram((b) => {
    const copied = copyNodes(b, program)
    copyOutputs(b, program, copied)
    addGradients(b, program, copied, what)
  })
}

function addGradients(b: ProgramBuilder, program: Program, copied: Copied, { loss, gradients }: Differentiation): void {
  const fault = (problem: string) => b.fault("the gradient", problem)
  const end = program.outputs.get(fullName(loss))
  if (end === undefined) throw fault(`the program has no output "${fullName(loss)}"`)
  const sources = [...gradients].map(([output, named]) => {
    const port = program.inputs.get(fullName(named))
    if (port === undefined) throw fault(`the program has no input "${fullName(named)}"`)
    return [output, copied.node(port.node)] as const
  })
  const from = copied.node(end.node)
  if (b.shape(from).some((size) => size !== 1))
    throw fault(`the loss has the shape [${b.shape(from).join(", ")}], not one element`)
  const sums = gradientSums(b, from, new Set(sources.map(([, at]) => at)))
  for (const [output, at] of sources) {
    const shape = b.shape(at)
    const gradient = sums.get(at) ?? b.constant(0, shape)
    b.output(output, sameShape(b.shape(gradient), shape) ? gradient : b.reshape(gradient, shape))
  }
}

/** The gradient of `from` by each node on its way from the sources. */
function gradientSums(b: ProgramBuilder, from: NodeId, sources: ReadonlySet<NodeId>): ReadonlyMap<NodeId, NodeId> {
  const depends = dependsOn(b, from, sources)
  const sums = new Map([[from, b.constant(1, b.shape(from))]])
  for (const [at, node] of entriesBackFrom(b.nodes, from)) {
    const gradient = sums.get(at)
    if (gradient === undefined || depends[at] === 0) continue
    const needed = node.operands.some((operand) => depends[operand] === 1)
    if (!needed) continue
    const parts = operandGradients(b, at, node, gradient)
    for (const [i, operand] of node.operands.entries()) {
      const part = depends[operand] === 1 ? parts[i]?.() : undefined
      if (part === undefined) continue
      const known = sums.get(operand)
      sums.set(operand, known === undefined ? part : b.add({ _tag: "Binary", kind: "add" }, known, part))
    }
  }
  return sums
}

/** Per node up to `end`, 1 where it depends on a source. */
function dependsOn(b: ProgramBuilder, end: NodeId, sources: ReadonlySet<NodeId>): Uint8Array {
  const depends = new Uint8Array(end + 1)
  for (const [at, { operation, operands }] of entriesOf(b.nodes)) {
    if (at > end) break
    const passes = operation._tag !== "Detach" && operands.some((operand) => depends[operand] === 1)
    depends[at] = sources.has(at) || passes ? 1 : 0
  }
  return depends
}
