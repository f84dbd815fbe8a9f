import * as FastCheck from "@effect/schema/FastCheck"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { architectureKey } from "../../../src/domain/architecture/architecture.ts"
import { isMember, spaceSize } from "../../../src/domain/architecture/membership.ts"
import { readOff, relaxedRows } from "../../../src/domain/architecture/relaxed.ts"
import { relaxedShape, rowsOfTensors } from "../../../src/domain/neighborhood/relaxed_shape.ts"
import { fullName } from "../../../src/domain/program/port.ts"
import { slotsByNode } from "../../../src/domain/space/slots.ts"
import { builtinSpace, SPACE_NAMES } from "../../../src/domain/space/spaces.ts"
import { drawPath, pathInput, pathInputs, pathRows, paths } from "../../../src/domain/supernet/paths.ts"
import { genotypeSpaces } from "../../_arbitrary.ts"
import { oneHot } from "../../_relaxed.ts"

const spaces = FastCheck.oneof(FastCheck.constantFrom(...SPACE_NAMES.map(builtinSpace)), genotypeSpaces)

const rows = suite("pathRows()")

rows("are one-hot on the kept edges, zero elsewhere, and are read off as their architecture", () => {
  const check = FastCheck.property(spaces, FastCheck.nat(), (space, seed) => {
    const architecture = drawPath(paths(space), `${seed}`)
    const made = pathRows(space, architecture)
    const sums = made.map((row) => row.reduce((sum, share) => sum + share, 0))
    const kept = space.reading._tag === "EveryEdge" ? made.length : slotsByNode(space).flat().length
    const again = readOff(space, made)
    return (
      isMember(space, architecture) &&
      made.every((row, e) => row.length === relaxedRows(space)[e]!.length && row.every((x) => x === 0 || x === 1)) &&
      sums.every((sum) => sum === 0 || sum === 1) &&
      sums.filter((sum) => sum === 1).length === kept &&
      pathRows(space, again).join("|") === made.join("|")
    )
  })
  FastCheck.assert(check, { seed: 41, numRuns: 150 })
})

rows("are those of oneHot() where every edge is kept", () => {
  const space = builtinSpace("nas-bench-201")
  const architecture = [3, 0, 1, 4, 2, 3]
  assert.equal(pathRows(space, architecture), oneHot(space, architecture))
  assert.equal(readOff(space, pathRows(space, architecture)), architecture)
})

rows.run()

const inputs = suite("pathInputs()")

inputs("hold the rows, one tensor a cell", () => {
  const space = builtinSpace("s1")
  const shape = relaxedShape(space)
  const architecture = drawPath(paths(space), "0")
  const made = pathInputs(space, shape, architecture)
  assert.equal([...made.keys()], ["path/normal", "path/reduction"])
  assert.equal(made.get("path/normal")!.shape, [14, 2])
  const tensors = new Map(shape.map(({ name }) => [name, made.get(fullName(pathInput(name)))!.data]))
  assert.equal(rowsOfTensors(shape, tensors), pathRows(space, architecture))
})

inputs.run()

const draw = suite("drawPath()")

draw("is uniform over the space, and the same for the same seed", () => {
  const space = builtinSpace("nas-bench-201")
  const candidates = paths(space)
  const counts = new Float64Array(space.decisions.length * 5)
  const draws = 5000
  for (let i = 0; i < draws; i++)
    for (const [e, choice] of drawPath(candidates, `paths/${i}`).entries()) counts[5 * e + choice]! += 1
  const chi = counts.reduce((sum, count) => sum + (count - draws / 5) ** 2 / (draws / 5), 0)
  assert.ok(chi < 52, `χ² of 24 degrees of freedom: ${chi}`)
  assert.equal(drawPath(candidates, "a"), drawPath(candidates, "a"))
  assert.not.equal(architectureKey(drawPath(candidates, "a")), architectureKey(drawPath(candidates, "b")))
  assert.is(spaceSize(space), 15625)
})

draw.run()
