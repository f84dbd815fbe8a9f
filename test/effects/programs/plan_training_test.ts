import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { readSubject } from "../../../src/adapters/training/subject.ts"
import { architectureKey } from "../../../src/domain/architecture/architecture.ts"
import { drawCandidate, spaceCandidates } from "../../../src/domain/architecture/candidates.ts"
import { PUBLISHED_GENOTYPES } from "../../../src/domain/architecture/published_genotypes.ts"
import { printArchitecture } from "../../../src/domain/architecture/text.ts"
import { describeNetwork } from "../../../src/domain/network/describe_network.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { failure, run } from "../../_effect.ts"
import { planOf } from "./_trainings.ts"

const plans = suite("planTraining()")

plans("has the sizes of the protocol, and every tensor of the network at its start", async () => {
  const { plan, network } = await run(planOf({ channels: 3 }))
  assert.equal(plan.initial.get("param/stem.0.weight")?.shape, [3, 1, 3, 3])
  assert.equal(Array.from(plan.initial.get("buffer/stem.1.running_var")!.data), [1, 1, 1])
  assert.equal(plan.step.batch.get("x")?.shape, [4, 1, 8, 8])
  for (const name of [...plan.step.state.keys(), ...[...network.shapes.keys()].map((one) => `param/${one}`)])
    assert.ok(plan.initial.has(name), name)
  const counted = [...network.shapes.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0)
  assert.is(network.parameters, counted)
})

plans("has an auxiliary head and masks where the protocol asks for them", async () => {
  const options = { architecture: "DARTS_V2" }
  const { plan: plain } = await run(planOf({ dropPath: 0 }, options))
  assert.not.ok([...plain.step.batch.keys()].some((name) => name.startsWith("drop/")))
  assert.not.ok([...plain.initial.keys()].some((name) => name.includes("auxiliary_head")))
  const { plan } = await run(planOf({ dropPath: 0.2 }, options))
  assert.ok([...plan.step.batch.keys()].some((name) => name.startsWith("drop/")))
  const program = Either.getOrThrow(plan.measure.program(3))
  assert.equal([...program.outputs.keys()], ["loss", "correct"])
  assert.equal([...program.inputs.keys()].filter((name) => !/^(param|buffer)\//.test(name)).sort(), ["targets", "x"])
})

plans("moves weights that feed running statistics alone along, so that the step finds them", async () => {
  const architecture = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
  const { plan } = await run(planOf({}, { architecture }))
  const names = [...plan.step.batch.keys()].filter((name) => name.startsWith("param/"))
  assert.ok(names.length > 0)
  for (const name of names) assert.ok(plan.initial.has(name))
})

for (const [name, changes, data, text] of [
  ["a batch larger than the images", { batchSize: 64 }, {}, "a step takes 64 images, and 16 are trained with"],
  ["nothing left to train with", {}, { validation: 0.9 }, "a step takes 4 images, and 2 are trained with"],
  ["more images than there are", {}, { images: 99 }, "99 are asked for"],
  ["images larger than they are", { imageSize: 16 }, {}, "16×16 is more than the images have, 8×8"],
  [
    "a window that is not for these images",
    { preparation: [{ _tag: "CenterCrop", height: 4, width: 4 }] },
    {},
    "1×8×8 and 1×4×4"
  ],
  ["an auxiliary head that cannot be", { auxiliaryWeight: 0.4 }, {}, "has no auxiliary head; give 0"],
  ["data that are missing", {}, { dataset: "tensor-file" }, "give `data`"]
] as const) {
  plans(`${name} is an error that helps`, async () => {
    assert.match((await failure(planOf(changes, { data }))).message, text)
  })
}

plans("images too small for the auxiliary head are an error that helps", async () => {
  const error = await failure(planOf({ auxiliaryWeight: 0.4 }, { architecture: "DARTS_V2" }))
  assert.match(error.message, "auxiliary_head")
})

plans.run()

const subjects = suite("readSubject()")
const read = (text: string, space?: string) => Effect.provide(readSubject(text, space), NodeContext.layer)
const sizes = { channels: 36, cells: 20, classes: 10, stem: "cifar", auxiliary: false, dropPath: false } as const

subjects("takes published genotypes, literals, strings and codes; equal architectures have equal texts", async () => {
  const named = await run(read("DARTS_V2"))
  assert.equal([named.space, named.skeleton, named.exportable], ["darts", "darts", true])
  assert.is((await run(read(named.text))).text, named.text)
  assert.is((await run(read(named.text, "darts"))).text, named.text)
  assert.not.equal((await run(read("DARTS_V1"))).text, named.text)
  const cell = await run(read(" |none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2| "))
  assert.equal([cell.space, cell.skeleton], ["nas-bench-201", "nas-bench-201"])
  assert.is((await run(read("000100", "nas-bench-201"))).text, cell.text)
})

subjects("builds the published network", async () => {
  assert.ok(PUBLISHED_GENOTYPES.DARTS_V2 !== undefined)
  const network = Either.getOrThrow((await run(read("DARTS_V2"))).network(sizes))
  assert.is(Either.getOrThrow(describeNetwork([1, 3, 32, 32], network)).parameters, 3349342)
})

subjects("takes the architectures of other spaces", async () => {
  for (const name of ["s1", "s4"] as const) {
    const space = builtinSpace(name)
    const architecture = drawCandidate(spaceCandidates(space), "0")!
    const subject = await run(read(architectureKey(architecture), name))
    assert.is(subject.text, printArchitecture(space, architecture))
    assert.is(subject.exportable, !subject.text.includes("noise"))
    const network = Either.getOrThrow(subject.network(sizes))
    assert.ok(Either.getOrThrow(describeNetwork([1, 3, 32, 32], network)).parameters > 0)
  }
})

subjects("tells what is wrong with a text", async () => {
  assert.match((await failure(read("000000"))).message, "add --space")
  assert.match((await failure(read("|conv~0|"))).message, "Cannot read architecture")
})

subjects.run()
