import type { ProgramBuilder } from "./builder.ts"
import { entriesOf, type NodeId } from "./node.ts"
import { type Named, portOf } from "./port.ts"
import type { Program } from "./program.ts"

/** What `copyNodes` copies, and what it puts in place of inputs. */
interface CopyOptions {
  /** Nodes to copy; with a node its operands. All by default. */
  readonly only?: (at: NodeId) => boolean
  /** Nodes of the builder that stand for inputs of these full names, of the same shapes. */
  readonly substitutes?: ReadonlyMap<string, NodeId>
}

/** Where the nodes of a program are in a builder that has copied them. */
export interface Copied {
  readonly node: (at: NodeId) => NodeId
  readonly input: (named: Named) => NodeId
  readonly output: (named: Named) => NodeId
}

/** Copy the nodes of a program into a builder. Its outputs do not become the builder's. */
export function copyNodes(b: ProgramBuilder, program: Program, options: CopyOptions = {}): Copied {
  const moved: Array<NodeId> = []
  // Operands come before their readers, and `only` takes them with these: whatever is asked for has
  // been copied.
  const node = (at: NodeId) => moved[at]!
  for (const [at, { operation, operands, shape }] of entriesOf(program.nodes)) {
    if (options.only?.(at) === false) continue
    if (operation._tag === "Input")
      moved[at] = options.substitutes?.get(operation.name) ?? b.input(portOf(program.inputs, operation.name), shape)
    else if (operation._tag === "Constant") moved[at] = b.constant(operation.value, shape)
    else moved[at] = b.add(operation, ...operands.map(node))
  }
  return {
    node,
    input: (named) => node(portOf(program.inputs, named).node),
    output: (named) => node(portOf(program.outputs, named).node)
  }
}

/** Make the outputs of a copied program the builder's. */
export function copyOutputs(b: ProgramBuilder, program: Program, { node }: Copied): void {
  for (const port of program.outputs.values()) b.output(port, node(port.node))
}
