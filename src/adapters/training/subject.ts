import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { printGenotype } from "../../domain/architecture/genotype.ts"
import { dartsEvaluationNetwork } from "../../domain/network/darts_networks.ts"
import { type Subject, subjectOf } from "../../domain/training/subject.ts"
import { readArchitecture } from "../space/read_architecture.ts"

/** What is trained, from text in any form that `readArchitecture` takes. */
export const readSubject = Effect.fn("readSubject")(function* (text: string, spaceName: string | undefined) {
  const read = yield* readArchitecture(text, spaceName)
  if (read._tag === "Member") return subjectOf(read.space, read.architecture, read.place)
  const { genotype } = read
  const subject: Subject = {
    text: printGenotype(genotype),
    space: "darts",
    skeleton: "darts",
    exportable: true,
    network: (sizes) => Either.right((net, image) => dartsEvaluationNetwork(net, image, genotype, sizes))
  }
  return subject
})
