import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { isFixed, readExportable } from "../../../src/adapters/export/architecture.ts"
import { describeRequest } from "../../../src/adapters/export/export_network.ts"
import { printGenotype } from "../../../src/domain/architecture/genotype.ts"
import { PUBLISHED_GENOTYPES } from "../../../src/domain/architecture/published_genotypes.ts"
import { builtinSpace } from "../../../src/domain/space/spaces.ts"
import { failure, run } from "../../_effect.ts"
import { exportFailure, withFiles, withFolder } from "./_networks.ts"

const read = (text: string, space?: string) => run(withFiles(readExportable(text, space)))
const refused = async (text: string, space?: string) => (await failure(withFiles(readExportable(text, space)))).message

const test = suite("readExportable()")
const DARTS_V2 = PUBLISHED_GENOTYPES.DARTS_V2!

test("a name, the literal, its JSON and the space's own JSON are the same genotype", async () => {
  const expected = { _tag: "Genotype", genotype: DARTS_V2 }
  assert.equal(await read("DARTS_V2"), expected)
  assert.equal(await read(` ${printGenotype(DARTS_V2)}\n`), expected)
  const { normal, normalConcat: normal_concat, reduce, reduceConcat: reduce_concat } = DARTS_V2
  assert.equal(await read(JSON.stringify({ normal, normal_concat, reduce, reduce_concat })), expected)
  const s2 = {
    ...DARTS_V2,
    normal: DARTS_V2.normal.map(([, from], i) => [i % 2 ? "skip_connect" : "sep_conv_3x3", from] as const)
  }
  const both = { ...s2, reduce: s2.normal }
  assert.equal(await read(printGenotype(both), "s2"), { _tag: "Genotype", genotype: both })
})

test("a NAS-Bench-201 cell is read in every form, also from a space with its edges in another order", async () => {
  const text = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_3x3~2|"
  const expected = { _tag: "Cell", operations: [3, 0, 1, 2, 4, 3] }
  assert.equal(await read(text), expected)
  assert.equal(await read("301243", "nas-bench-201"), expected)
  await withFolder(async (folder) => {
    const file = join(folder, "space.json")
    const {
      cells: [cell],
      reading
    } = builtinSpace("nas-bench-201")
    const edges = [...cell!.edges].reverse().map((edge) => ({ ...edge, operations: [...edge.operations].reverse() }))
    writeFileSync(file, JSON.stringify({ name: "other", cells: [{ ...cell, edges }], reading }))
    assert.equal(await read(text, file), expected)
  })
})

test("what is no network is one error that names the fault", async () => {
  const literal = printGenotype(DARTS_V2)
  assert.match(await refused(literal.replace("sep_conv_3x3", "magic")), /edge 1 of normal has the operation "magic"/)
  assert.match(await refused(literal.replace("sep_conv_3x3', 0", "sep_conv_3x3', 2")), /comes from node 2/)
  assert.match(await refused(literal.replace("range(2, 6)", "range(2, 7)")), /normal_concat joins node 6 of 6/)
  assert.match(await refused(literal.replace("range(2, 6)", "[]")), /normal_concat joins no node/)
  assert.match(await refused(literal.replace("('sep_conv_3x3', 0), ", "")), /normal has 7 edges/)
  assert.match(await refused(literal, "nas-bench-201"), /nas-bench-201|architecture string/)
  assert.match(
    await refused("DARTS_V9"),
    /does not say its space: add --space, or name one of DARTS_V1.*; Genotype\(…\)/
  )
})

test("a genotype with none is built as the reference builds it: the edge adds nothing and has no weights", async () => {
  const literal = printGenotype(DARTS_V2).replace("('dil_conv_3x3', 2)", "('none', 2)")
  const read_ = await read(`11/27 03:10 PM genotype = ${literal}`)
  assert.is(read_._tag, "Genotype")
  const sizes = { channels: 16, cells: 3 }
  const count = async (architecture: string) =>
    (await run(withFiles(describeRequest({ architecture, sizes })))).parameters
  assert.is((await count("DARTS_V2")) - (await count(literal)), 16 * 9 + 16 * 16 + 2 * 16)
})

test("a genotype that no network is built of is refused in the words of the user, not by a node of a program", async () => {
  const literal = printGenotype(DARTS_V2).replace("reduce_concat=range(2, 6)", "reduce_concat=[0, 2, 3]")
  for (const space of [undefined, "darts"]) {
    const message = await refused(literal, space)
    assert.match(message, "reduce_concat joins node 0, an input of the cell")
    assert.not.match(message, "program node")
  }
})

test("an operation that neither DARTS nor NAS-Bench-201 has is read as the space's own; no file can hold noise", async () => {
  const noise = printGenotype({ ...DARTS_V2, normal: DARTS_V2.normal.map(([, from]) => ["noise", from] as const) })
  const all = noise.replace(/reduce=\[.*?\]/, /normal=\[.*?\]/.exec(noise)![0].replace("normal", "reduce"))
  const noisy = await read(all, "s4")
  assert.is(noisy._tag, "Space")
  assert.not.ok(isFixed(noisy))
  await withFolder(async (folder) => {
    const request = { architecture: all, space: "s4", sizes: { channels: 2, cells: 3 } }
    const { message } = await exportFailure({ ...request, out: join(folder, "net.onnx") })
    assert.match(message, 'cannot hold its operation "noise"')
    assert.ok((await run(withFiles(describeRequest(request)))).parameters > 0)
    const file = join(folder, "space.json")
    const [cell] = builtinSpace("nas-bench-201").cells
    const edges = cell!.edges.map((edge) => ({ ...edge, operations: [...edge.operations, "sep_conv_3x3"] }))
    writeFileSync(file, JSON.stringify({ name: "wider", cells: [{ ...cell, edges }] }))
    assert.equal(await read("301243", file), { _tag: "Cell", operations: [3, 0, 1, 2, 4, 3] })
    const wider = await read("301245", file)
    assert.is(wider._tag, "Space")
    assert.ok(isFixed(wider))
  })
})

test("a space without a network is an error that says so", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "space.json")
    writeFileSync(file, JSON.stringify({ name: "mine", decisions: [{ name: "depth", choices: ["2", "4"] }] }))
    assert.match(await refused("0", file), /there is no network for the space "mine"/)
  })
})

test.run()
