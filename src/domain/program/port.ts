import type { NodeId } from "./node.ts"
import type { Shape } from "./operation.ts"

/** How the full names of each role's tensors begin: checkpoints and golden files have them. */
const PREFIX = {
  /** A weight that training moves. */
  parameter: "param/",
  /** A running statistic of a normalization. */
  buffer: "buffer/",
  /** The architecture parameters of a cell. */
  alpha: "alpha/",
  /** The map that follows a cell's probabilities, and what is added to it. */
  map: "map/",
  offset: "add/",
  /** A cell's noise in GDAS. */
  gumbel: "gumbel/",
  /** A cell's choice in a supernet. */
  path: "path/",
  /** Standard normal numbers of an operation `noise`; part of a batch. */
  noise: "noise/",
  /** Which images drop a path; part of a batch. */
  mask: "drop/",
  /** The training batch of a look-ahead, beside the validation batch. */
  ahead: "train/",
  /** A gradient, named by the input. */
  gradient: "gradient/",
  /** A vector, and the product of the Hessian with it, both named by the input. */
  vector: "vector/",
  product: "product/",
  /** A tensor of one of several runs that share a program. */
  run: "run/",
  /** What an optimizer keeps from step to step. */
  state: "",
  /** A number that a schedule or a plan sets, as a learning rate. */
  setting: "",
  /** What differs from batch to batch: images and targets. */
  batch: "",
  /** What a program is run for: losses, logits, counts. */
  result: ""
} as const

/** What a tensor is to the program that takes or gives it. */
export type Role = keyof typeof PREFIX

/** A role, and the name within it. */
export interface Label {
  readonly role: Role
  readonly name: string
}

/** An input or an output of a program. */
export interface Port extends Label {
  readonly node: NodeId
  readonly shape: Shape
}

/** A label, or a full name: an input's of the role `batch`, an output's of the role `result`. */
export type Named = Label | string

/** The full name, under which a tensor is given to a program, taken from it and stored. */
export function fullName(named: Named): string {
  return typeof named === "string" ? named : PREFIX[named.role] + named.name
}

/** The output that holds the gradient by an input. */
export function gradientOf(input: Named): Label {
  return { role: "gradient", name: fullName(input) }
}

/** The input or output of a name that the caller knows to be there. */
export function portOf(ports: ReadonlyMap<string, Port>, named: Named): Port {
  const port = ports.get(fullName(named))
  // Whoever asks has made the program: a missing port is a fault of this code, not of a user's.
  if (port === undefined) throw new RangeError(`Cannot find "${fullName(named)}" among ${[...ports.keys()].join(", ")}`)
  return port
}

/** The inputs or outputs of some roles. */
export function ofRole(ports: ReadonlyMap<string, Port>, ...roles: ReadonlyArray<Role>): ReadonlyArray<Port> {
  return [...ports.values()].filter(({ role }) => roles.includes(role))
}

/** Shapes by full name. */
export function shapesOf(ports: Iterable<Label & { readonly shape: Shape }>): Map<string, Shape> {
  return new Map([...ports].map((port) => [fullName(port), port.shape]))
}
