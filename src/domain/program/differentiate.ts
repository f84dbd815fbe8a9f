import type * as Either from "effect/Either"
import { buildProgram, type ProgramBuilder } from "./builder.ts"
import { operandGradients } from "./derivative.ts"
import type { Operation } from "./operation.ts"
import { type Program, type ProgramError, sameShape } from "./program.ts"

/** What is differentiated. */
export interface Differentiation {
  /** The output whose gradient is taken: a tensor of one element. */
  readonly loss: string
  /** Per new output, the input that the loss is differentiated by. */
  readonly gradients: ReadonlyMap<string, string>
}

/** What `copyNodes` copies, and what it puts in place of inputs. */
interface CopyOptions {
  /** Nodes to copy; with a node its operands. All where absent. */
  readonly only?: (at: number) => boolean
  /** Nodes of the builder that stand for inputs of these names, of the same shapes. */
  readonly substitutes?: ReadonlyMap<string, number>
}

/** Copy the nodes of a program into a builder; the new position of each, −1 for those left out. Outputs are not copied. */
export function copyNodes(b: ProgramBuilder, program: Program, options: CopyOptions = {}): Int32Array {
  const moved = new Int32Array(program.nodes.length).fill(-1)
  for (const [at, { operation, operands, shape }] of program.nodes.entries()) {
    if (options.only?.(at) === false) continue
    if (operation._tag === "Input")
      moved[at] = options.substitutes?.get(operation.name) ?? b.input(operation.name, shape)
    else if (operation._tag === "Constant") moved[at] = b.constant(operation.value, shape)
    else moved[at] = b.add(operation, ...operands.map((operand) => moved[operand]!))
  }
  return moved
}

/**
 * The program with further outputs: the gradients of a loss by inputs. Reverse mode, in time and memory proportional to the
 * program; only what the gradients need is made. The result is a program like any other, so its outputs can be
 * differentiated again: second order is exact. An input that the loss does not depend on has the gradient 0.
 */
export function differentiate(program: Program, what: Differentiation): Either.Either<Program, ProgramError> {
  return buildProgram((b) => {
    const moved = copyNodes(b, program)
    for (const [name, at] of program.outputs) b.output(name, moved[at]!)
    addGradients(b, program, moved, what)
  })
}

function addGradients(
  b: ProgramBuilder,
  program: Program,
  moved: Int32Array,
  { loss, gradients }: Differentiation
): void {
  const fault = (name: string, problem: string) => b.error({ _tag: "Input", name } satisfies Operation, problem)
  const end = program.outputs.get(loss)
  if (end === undefined) throw fault(loss, "the program has no output of this name")
  const sources = new Map<string, number>()
  for (const name of gradients.values()) {
    const at = program.inputs.get(name)
    if (at === undefined) throw fault(name, "the program has no input of this name")
    sources.set(name, moved[at]!)
  }
  const from = moved[end]!
  if (b.shape(from).some((size) => size !== 1))
    throw fault(loss, `the loss has the shape [${b.shape(from).join(", ")}], not one element`)
  const depends = dependsOn(b, from, new Set(sources.values()))
  const sums = new Map<number, number>([[from, b.constant(1, b.shape(from))]])
  for (let at = from; at >= 0; at--) {
    const gradient = sums.get(at)
    if (gradient === undefined || depends[at] === 0) continue
    const node = b.node(at)
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
  for (const [output, name] of gradients) {
    const at = sources.get(name)!
    const shape = b.shape(at)
    const gradient = sums.get(at) ?? b.constant(0, shape)
    b.output(output, sameShape(b.shape(gradient), shape) ? gradient : b.reshape(gradient, shape))
  }
}

/** Per node up to `end`, 1 where it depends on a source. */
function dependsOn(b: ProgramBuilder, end: number, sources: ReadonlySet<number>): Uint8Array {
  const depends = new Uint8Array(end + 1)
  for (let at = 0; at <= end; at++) {
    const { operation, operands } = b.node(at)
    const passes = operation._tag !== "Detach" && operands.some((operand) => depends[operand] === 1)
    depends[at] = sources.has(at) || passes ? 1 : 0
  }
  return depends
}
