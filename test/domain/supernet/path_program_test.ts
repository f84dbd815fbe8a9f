import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { pathProgram } from "../../../src/domain/supernet/path_program.ts"
import { drawPath, pathInputs, pathRows, paths } from "../../../src/domain/supernet/paths.ts"
import { trainingStep } from "../../../src/domain/training/training_step.ts"
import { cellNetwork, loss, numbers, PLAIN } from "../darts/_networks.ts"
import { evaluate } from "../program/_programs.ts"

const space = builtinSpace("nas-bench-201")
const { program, parameters } = Either.getOrThrow(pathProgram(cellNetwork))
const path = (architecture: ReadonlyArray<number>) =>
  [...pathInputs(space, cellNetwork.shape, architecture)].map(([name, { data }]) => [name, data] as const)

const test = suite("pathProgram()")

test("is the search network at an alpha that leaves nothing but the architecture", () => {
  const plain = loss(cellNetwork, PLAIN).program
  const values = numbers(program, plain)
  for (const seed of ["0", "1", "2", "3"]) {
    const architecture = drawPath(paths(space), seed)
    const alpha = pathRows(space, architecture).flatMap((row) => row.map((share) => 800 * share))
    const [own, theirs] = [
      evaluate(program, new Map<string, ArrayLike<number>>([...values, ...path(architecture)])),
      evaluate(plain, new Map<string, ArrayLike<number>>([...values, ["alpha/cell", alpha]]))
    ]
    assert.ok(Math.abs(own.get("loss")![0]! - theirs.get("loss")![0]!) < 1e-12)
    assert.is(own.get("correct")![0], theirs.get("correct")![0])
  }
  assert.equal(
    [...parameters.keys()].map((name) => `param/${name}`).filter((name) => !program.inputs.has(name)),
    []
  )
})

test("a step moves no operation outside the path but by decay and momentum", () => {
  const optimizer = { _tag: "Sgd", momentum: 0, nesterov: false, weightDecay: 0 } as const
  const step = Either.getOrThrow(trainingStep(program, { optimizer }))
  const values = new Map<string, ArrayLike<number>>([...numbers(step.program), ["learningRate", [0.1]]])
  const operation = (architecture: ReadonlyArray<number>) => {
    const after = evaluate(step.program, new Map([...values, ...path(architecture)]))
    return (name: string) => String(after.get(name)) !== String(values.get(name))
  }
  const names = [...step.state.keys()].filter((name) => /edges\.1<-0\./.test(name) && name.endsWith("weight"))
  assert.ok(names.length >= 2, [...step.state.keys()].join(" "))
  const through = { conv: operation([3, 2, 2, 2, 2, 2]), skip: operation([1, 2, 2, 2, 2, 2]) }
  const own = names.filter(through.conv)
  assert.is(own.length, names.length / 2, "one of the two convolutions of the edge, in every cell")
  assert.equal(names.filter(through.skip), [])
  assert.ok(through.skip("param/classifier.weight"))
})

test.run()
