import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { cli, lastJson } from "./_cli.ts"
import { writeImages } from "./_images.ts"

const folder = mkdtempSync(join(tmpdir(), "na-nas-suggested-"))
const data = join(folder, "data.safetensors")
writeImages(data, { train: 40, test: 9 })
const space = join(folder, "cells.json")
const edges = [{ from: 0, to: 1, operations: ["skip_connect", "sep_conv_3x3"] }]
writeFileSync(space, JSON.stringify({ name: "mine", cells: [{ name: "cell", inputs: 1, nodes: 1, edges }] }))

/** The command and the arguments of a line to type. */
function words(line: string): readonly [string, ReadonlyArray<string>] {
  const [, command, rest] = line.match(/^npx tsx bin\/(\w+)\.ts (.*)$/)!
  return [command!, rest!.match(/'[^']*'|"[^"]*"|\S+/g)!.map((word) => word.replace(/^['"]|['"]$/g, ""))]
}

/** A line to type, with a flag's value changed. */
const withValue = (line: string, flag: string, value: string) =>
  line.includes(flag) ? line.replace(new RegExp(`${flag} \\S+`), `${flag} ${value}`) : `${line} ${flag} ${value}`

const tiny = ["--images", "40", "--epochs", "1", "--batch-size", "8", "--channels", "2", "--seed", "1"]
const searches: Readonly<Record<string, ReadonlyArray<string>>> = {
  "digits of 8×8 in the DARTS space": ["darts", "--space", "darts", "--image-size", "8", "--cells", "3"],
  "NAS-Bench-201 on a tensor file": ["darts", "--dataset", "tensor-file", "--data", data],
  "one's own cells": ["darts", "--space", space, "--image-size", "12"],
  "another protocol": ["darts", "--protocol", "nas-bench-201-small", "--image-size", "8"],
  trainings: ["rs", "--evaluator", "train", "--samples", "1", "--cells", "1", "--crop", "0", "--image-size", "8"]
}

const test = suite("suggested commands")
test.after(() => rmSync(folder, { recursive: true, force: true }))

for (const [name, args] of Object.entries(searches))
  test(`run and describe the network of the report: ${name}`, async () => {
    const searched = await cli("search", ...args, ...tiny, "--json")
    assert.is(searched.status, 0, searched.stderr)
    const { next, network, architecture } = lastJson(searched) as {
      readonly next: readonly [string, string]
      readonly network: { readonly parameters: number; readonly multiplyAdds: number }
      readonly architecture: string
    }
    const size = ({ parameters, multiplyAdds }: Record<string, unknown>) => [parameters, multiplyAdds]
    const [exporting, describe] = words(next[1])
    assert.equal(size(lastJson(await cli(exporting, ...describe, "--json"))), size(network))
    const [evaluating, train] = words(withValue(next[0], "--epochs", "1"))
    const trained = await cli(evaluating, ...train, "--json")
    assert.is(trained.status, 0, trained.stderr)
    const result = lastJson(trained)
    assert.equal(size(result), size(network))
    assert.is(result.architecture, architecture)
  })

test.run()
