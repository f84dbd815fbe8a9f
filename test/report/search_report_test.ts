import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { architectureKey, architectureOfKey } from "../../src/domain/architecture/architecture.ts"
import { parseArchitecture } from "../../src/domain/architecture/text.ts"
import type { DatasetInfo } from "../../src/domain/data/dataset.ts"
import { builtinSpace } from "../../src/domain/space/spaces.ts"
import { foundNetwork } from "../../src/domain/training/found_network.ts"
import type { UsualNetwork } from "../../src/domain/training/usual_network.ts"
import type { Outcome } from "../../src/effects/ports/run_store.ts"
import { type SearchResult, searchJson, searchText } from "../../src/report/search_report.ts"
import { SMALL, settingsOf } from "../effects/programs/_searches.ts"

const outcome: Outcome = {
  version: 3,
  architecture: "0121",
  loss: 0.25,
  ownLoss: 0.5,
  ownDiverged: false,
  samples: 3,
  evaluations: 9,
  uniqueEvaluations: 8,
  diverged: 0,
  simulatedSeconds: 0,
  stop: "samples"
}

const resultOf = (...outcomes: ReadonlyArray<Partial<Outcome>>): SearchResult => {
  const whole = outcomes.map((one) => ({ ...outcome, ...one }))
  return {
    settings: settingsOf({ evaluator: "train", cost: undefined, goal: "minimize", repeat: outcomes.length }),
    space: SMALL.space,
    score: "validation error",
    outcomes: whole,
    architectures: whole.map(({ architecture }) => architectureOfKey(architecture)),
    reports: whole.map(() => new Map()),
    seconds: 1,
    run: undefined,
    info: undefined
  }
}

const test = suite("searchText(), searchJson()")

test("tell what diverged, and nothing of it where nothing did", () => {
  assert.not.match(searchText(resultOf({})), "diverged")
  assert.match(searchText(resultOf({})), /own validation error +0.5\n/)
  const result = resultOf({ diverged: 2, ownLoss: null, ownDiverged: true })
  assert.match(searchText(result), ": 3 samples, 9 evaluations, 8 unique, 2 diverged, ended by")
  assert.match(searchText(result), /own validation error +none: its training diverged/)
  const { score, ownScore, ownDiverged, diverged } = searchJson(result)
  assert.equal([score, ownScore, ownDiverged, diverged], [0.25, null, true, 2])
})

test("give the mean of what diverged over repetitions", () => {
  assert.is(searchJson(resultOf({ diverged: 1 }, { diverged: 2, loss: 0.75 })).diverged, 1.5)
})

test("show the cell, its size and the next commands where images scored it, and nothing of it after a table", () => {
  const space = builtinSpace("nas-bench-201")
  const cell = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|"
  const info: DatasetInfo = {
    name: "digits",
    digest: "",
    shape: [1, 28, 28],
    classes: 10,
    train: 9,
    test: 3,
    from: ["digits.bin"],
    leftOut: [],
    unseen: 0
  }
  const base = resultOf({ architecture: architectureKey(Either.getOrThrow(parseArchitecture(space, cell))) })
  const settings = { ...base.settings, dataset: "mnist", imageSize: 8 } as const
  const found = foundNetwork(space, base.architectures[0]!, settings, info)
  const result: SearchResult = { ...base, space, settings, info, found }
  const text = searchText(result)
  assert.match(text, "\n  cell: inputs 0\n    node 1 = nor_conv_3x3(0)\n    node 2 = none(0) + skip_connect(1)\n")
  assert.match(
    text,
    /\n {2}from scratch +[\d,]+ parameters, [\d,]+ multiply-adds \(16 channels, 5 cells a stage, images 1×8×8\)\n/
  )
  const next = `npx tsx bin/evaluate.ts --architecture '${cell}' --space nas-bench-201 --dataset mnist --image-size 8 --crop 1 --flip no --batch-size 9`
  assert.match(text, `next: ${next}\nnext: npx tsx bin/export.ts`)
  assert.match(
    text,
    /\nthe whole protocol nas-bench-201: that training without --image-size and --crop, 200 epochs; evaluate/
  )
  const json = searchJson(result) as { readonly network: UsualNetwork; readonly next: ReadonlyArray<string> }
  assert.is(json.next[0], next)
  assert.match(text, json.network.parameters.toLocaleString("en-US"))
  assert.not.match(searchText({ ...result, info: undefined }), "next:")
  assert.not.ok("next" in searchJson({ ...result, info: undefined }))
})

test.run()
