/**
 * Draws the picture of the README: one-shot accuracy of 500 random NAS-Bench-201 architectures,
 * their own and the mean of their neighborhoods, beside the accuracy of training them alone. Prints
 * the rank correlations over all 15,625 architectures.
 *
 *     npx tsx bench/neighborhood_plot.ts [--out docs/neighborhood.svg]
 */
import { existsSync, writeFileSync } from "node:fs"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as vega from "vega"
import { compile, type TopLevelSpec } from "vega-lite"
import { readTable } from "../src/adapters/table/file.ts"
import { ordinalOf } from "../src/domain/architecture/ordinal.ts"
import { makeBall } from "../src/domain/neighborhood/ball.ts"
import { sweep } from "../src/domain/objective/landscape.ts"
import { integerAt, keyOf } from "../src/domain/random.ts"
import { builtinSpace } from "../src/domain/space/spaces.ts"
import { kendallTau } from "../src/domain/statistics/kendall.ts"
import { scriptFlags, text } from "./_flags.ts"

const FOLDER = "../shared/data"
const SHOWN = 500

const flags = scriptFlags({ out: text("docs/neighborhood.svg") })

const program = Effect.gen(function* () {
  const space = builtinSpace("nas-bench-201")
  const trained = yield* readTable(space, `${FOLDER}/nb201.csv.gz`)
  const proxies = yield* readTable(space, `${FOLDER}/nb201_proxies.csv.gz`)
  const test = yield* trained.column("test200_c10")
  const oneShot = yield* proxies.column("oneshot_supernet_acc_c10")
  const byOrdinal = (value: (architecture: ReadonlyArray<number>) => number) => {
    const values = new Float64Array(trained.architectures.length)
    for (const architecture of trained.architectures) values[ordinalOf(space, architecture)] = value(architecture)
    return values
  }
  const own = byOrdinal((architecture) => oneShot[proxies.rowOf(architecture)]!)
  const alone = byOrdinal((architecture) => test[trained.rowOf(architecture)]!)
  const neighborhood = sweep(makeBall(space), { _tag: "Mean" }, own, { center: true })
  return [
    { panel: "its own score", scores: own, alone },
    { panel: "mean of its neighborhood (24 neighbors and itself)", scores: neighborhood, alone }
  ]
})

if (existsSync(FOLDER)) {
  const panels = await Effect.runPromise(Effect.provide(program, NodeContext.layer))
  for (const { panel, scores, alone } of panels)
    console.log(`${panel}: Kendall τ ${kendallTau(scores, alone).toFixed(3)}`)
  const values = panels.flatMap(({ panel, scores, alone }) =>
    Array.from({ length: SHOWN }, (_, i) => {
      const at = integerAt(keyOf("plot"), i, scores.length)
      return { panel, score: scores[at]!, alone: alone[at]! }
    })
  )
  const spec: TopLevelSpec = {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    background: "white",
    data: { values },
    facet: { column: { field: "panel", title: null, sort: panels.map(({ panel }) => panel) } },
    resolve: { scale: { x: "independent" } },
    spec: {
      width: 320,
      height: 200,
      mark: { type: "circle", size: 14, opacity: 0.6, color: "#1f5fa8", clip: true },
      encoding: {
        x: { field: "score", type: "quantitative", title: "one-shot accuracy %", scale: { zero: false } },
        y: {
          field: "alone",
          type: "quantitative",
          title: "CIFAR-10 test % when trained alone",
          scale: { domain: [80, 95] }
        }
      }
    }
  }
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: "none" })
  const svg = await view.toSVG()
  view.finalize()
  // A point is a circle at a tenth of a pixel, not a path of its own: a quarter of the size.
  const symbol = /<path [^>]*?transform="translate\(([\d.]+),([\d.]+)\)" d="M[^"]*A[^"]*"[^>]*\/>/g
  const small = svg.replace(
    symbol,
    (_, x, y) => `<circle cx="${Number(x).toFixed(1)}" cy="${Number(y).toFixed(1)}" r="2" fill="#1f5fa899"/>`
  )
  writeFileSync(flags.out, `${small}\n`)
} else {
  console.log(`left out: ${FOLDER} is absent`)
}
