import * as Schema from "@effect/schema/Schema"
import * as Either from "effect/Either"
import type { Genotype } from "../../domain/architecture/genotype.ts"
import { parseArchitecture } from "../../domain/architecture/text.ts"
import { dartsEvaluationNetwork, dartsSearchNetwork } from "../../domain/network/darts_networks.ts"
import type { Network, Statistics } from "../../domain/network/layers.ts"
import { crossEntropy, softmax } from "../../domain/network/mixture.ts"
import { nasBench201Network, nasBench201SearchNetwork } from "../../domain/network/nas_bench_201_networks.ts"
import { buildProgram, type ProgramBuilder } from "../../domain/program/builder.ts"
import type { NodeId } from "../../domain/program/node.ts"
import type { Named } from "../../domain/program/port.ts"
import type { Program } from "../../domain/program/program.ts"
import { builtinSpace } from "../../domain/space/spaces.ts"
import { SafetensorsError, type StoredTensors } from "./safetensors.ts"

const Text = Schema.NumberFromString
const Edges = Schema.Array(Schema.Tuple(Schema.String, Schema.Int))
const Nodes = Schema.Array(Schema.Int)
const StoredGenotype = Schema.parseJson(
  Schema.Struct({ normal: Edges, normal_concat: Nodes, reduce: Edges, reduce_concat: Nodes })
)

/** The metadata of a file with reference numbers. Which fields are there depends on the network. */
const Metadata = Schema.Struct({
  network: Schema.String,
  C: Text,
  classes: Text,
  batch: Text,
  image: Text,
  layers: Schema.optional(Text),
  N: Schema.optional(Text),
  arch: Schema.optional(Schema.String),
  genotype: Schema.optional(StoredGenotype),
  auxiliary: Schema.optional(Schema.String),
  auxiliary_weight: Schema.optional(Text),
  unrolled: Schema.optional(Schema.parseJson(Schema.Struct({ xi: Schema.Number, weight_decay: Schema.Number })))
})
type Metadata = typeof Metadata.Type

/** A network of a file with reference numbers, ready to be built as often as it takes. */
export interface GoldenNetwork {
  readonly kind: "darts-search" | "darts-cifar" | "darts-imagenet" | "nas-bench-201" | "nas-bench-201-search"
  readonly metadata: Metadata
  /** Architecture weights among the inputs, as logits. */
  readonly alphas: ReadonlyArray<string>
  /**
   * The program with the outputs `logits`, `loss` and, where there is an auxiliary head,
   * `logits_aux`. Its inputs: `x`, one-hot `targets`, `param/…`, the alphas, and `buffer/…` with
   * running statistics.
   */
  readonly program: (statistics: Statistics) => Program
  /** The inputs `param/…`, in order. */
  readonly parameters: ReadonlyArray<string>
}

/** The network that a file's metadata describe. */
export function goldenNetwork(
  file: string,
  { metadata, tensors }: StoredTensors
): Either.Either<GoldenNetwork, SafetensorsError> {
  const fail = (problem: string) => Either.left(new SafetensorsError({ file, problem }))
  const decoded = Schema.decodeUnknownEither(Metadata)(metadata)
  if (Either.isLeft(decoded))
    return fail(`its metadata do not describe a network (${decoded.left.message.split("\n").at(-1)?.trim()})`)
  const known = decoded.right
  const kind = kindOf(known.network)
  if (kind === undefined) return fail(`the network "${known.network}" is not known`)
  const alphas = [...tensors.keys()].filter((name) => name === "alpha" || name.startsWith("alpha/"))
  const channels = [...tensors].find(([name]) => name.endsWith("/x"))?.[1].shape[1] ?? 3
  const attempt = (statistics: Statistics) => {
    let parameters: ReadonlyArray<string> = []
    const program = buildProgram((b) => {
      const net: Network = {
        b,
        statistics,
        tracked: [...tensors.keys()].some((name) => name.startsWith("buffer/")),
        parameters: new Map()
      }
      addNetwork(net, kind, known, channels)
      parameters = [...net.parameters.keys()]
    })
    return Either.map(program, (built) => ({ built, parameters }))
  }
  const batch = attempt("batch")
  if (Either.isLeft(batch)) return fail(batch.left.message)
  return Either.right({
    kind,
    metadata: known,
    alphas,
    program: (statistics) =>
      statistics === "batch" ? batch.right.built : Either.getOrThrow(attempt(statistics)).built,
    parameters: batch.right.parameters
  })
}

function kindOf(network: string): GoldenNetwork["kind"] | undefined {
  const known = [
    [/^DARTS search/i, "darts-search"],
    [/^DARTS CIFAR/i, "darts-cifar"],
    [/^DARTS ImageNet/i, "darts-imagenet"],
    [/^NAS-Bench-201 DARTS/i, "nas-bench-201-search"],
    [/^NAS-Bench-201/i, "nas-bench-201"]
  ] as const
  return known.find(([pattern]) => pattern.test(network))?.[1]
}

function addNetwork(net: Network, kind: GoldenNetwork["kind"], metadata: Metadata, imageChannels: number): void {
  const { b } = net
  const { C: channels, classes, batch, image } = metadata
  const x = b.input("x", [batch, imageChannels, image, image])
  const targets = b.input("targets", [batch, classes])
  const finish = (logits: NodeId, auxiliary?: NodeId) => {
    b.output("logits", logits)
    const loss = crossEntropy(net, logits, targets)
    if (auxiliary === undefined) {
      b.output("loss", loss)
      return
    }
    b.output("logits_aux", auxiliary)
    b.output("loss", b.plus(loss, b.scale(crossEntropy(net, auxiliary, targets), metadata.auxiliary_weight ?? 0.4)))
  }
  const weights = (alpha: Named, rows: number, operations: number) => softmax(net, b.input(alpha, [rows, operations]))
  const cells = metadata.layers ?? 0
  const cellsPerStage = metadata.N ?? 1
  switch (kind) {
    case "darts-search": {
      const mixed = {
        normal: weights({ role: "alpha", name: "normal" }, 14, 8),
        reduce: weights({ role: "alpha", name: "reduce" }, 14, 8)
      }
      finish(dartsSearchNetwork(net, x, { channels, cells, classes }, mixed))
      break
    }
    case "darts-cifar":
    case "darts-imagenet": {
      const stem = kind === "darts-cifar" ? "cifar" : "imagenet"
      const auxiliary = metadata.auxiliary === "true" && net.statistics === "batch"
      const made = dartsEvaluationNetwork(net, x, genotypeOf(b, metadata), {
        channels,
        cells,
        classes,
        stem,
        auxiliary
      })
      finish(made.logits, made.auxiliary)
      break
    }
    case "nas-bench-201": {
      const parsed = parseArchitecture(builtinSpace("nas-bench-201"), metadata.arch ?? "")
      if (Either.isLeft(parsed)) throw b.fault("the network", parsed.left.message)
      finish(nasBench201Network(net, x, parsed.right, { channels, cellsPerStage, classes }))
      break
    }
    case "nas-bench-201-search":
      finish(
        nasBench201SearchNetwork(
          net,
          x,
          { channels, cellsPerStage, classes },
          weights({ role: "state", name: "alpha" }, 6, 5)
        )
      )
      break
  }
}

function genotypeOf(b: ProgramBuilder, { genotype }: Metadata): Genotype {
  if (genotype === undefined) throw b.fault("the network", "the metadata name no genotype")
  const { normal, normal_concat, reduce, reduce_concat } = genotype
  return { normal, normalConcat: normal_concat, reduce, reduceConcat: reduce_concat }
}
