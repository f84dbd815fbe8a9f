/**
 * Tensor programs as immutable graphs, their exact derivatives of any order, and the networks of
 * cell spaces. Runs in Node, Deno, browsers and workers.
 *
 * @example
 * ```ts
 * import * as Either from "effect/Either"
 * import { buildProgram, differentiate, programCost } from "na-nas/program"
 *
 * const square = buildProgram((b) => {
 *   const x = b.input("x", [])
 *   b.output("y", b.times(x, x))
 * })
 * const slope = Either.flatMap(square, (program) =>
 *   differentiate(program, { loss: "y", gradients: new Map([["dy", "x"]]) })
 * )
 * console.log(programCost(Either.getOrThrowWith(slope, (error) => error)).nodes > 2) // true
 * ```
 *
 * @module
 */

// What runs them
export * as ReferenceBackend from "./src/adapters/tensor/reference.ts"
// Networks of cell spaces
export { NetworkError, spaceEvaluationNetwork, spaceSearchNetwork } from "./src/domain/network/cell_networks.ts"
export { architectureCounts, describeNetwork } from "./src/domain/network/describe_network.ts"
export { initialWeights } from "./src/domain/network/initial_weights.ts"
// Programs
export { buildProgram, ProgramBuilder } from "./src/domain/program/builder.ts"
export { type Copied, copyNodes } from "./src/domain/program/copy.ts"
export { type Cost, programCost } from "./src/domain/program/cost.ts"
export { type Differentiation, differentiate } from "./src/domain/program/differentiate.ts"
export type { Node, NodeId } from "./src/domain/program/node.ts"
export type { Operation, Shape } from "./src/domain/program/operation.ts"
export { fullName, type Label, type Named, ofRole, type Port, portOf, type Role } from "./src/domain/program/port.ts"
export { elementCount, type Program, ProgramError } from "./src/domain/program/program.ts"
export { simplify } from "./src/domain/program/rewrite.ts"
export { type DeviceTensor, TensorBackend, type TensorData, TensorError } from "./src/effects/ports/tensor_backend.ts"
