import * as vega from "vega"
import { compile, type TopLevelSpec } from "vega-lite"
import type { StudyRun } from "./_study_results.ts"

/** What the rows of the plot show, from above. */
const METRICS = [
  { field: "test", title: "CIFAR-10 test % (table)" },
  { field: "skips", title: "skip share %" },
  { field: "loss", title: "validation loss" },
  { field: "eigenvalue", title: "eigenvalue" }
] as const

/**
 * The curves of all runs as SVG: a row per metric, a column per family of methods, a line per run.
 */
export async function studyPlot(all: ReadonlyArray<StudyRun>): Promise<string> {
  const runs = all.filter(({ epochs }) => epochs.length > 0)
  const values = runs.flatMap(({ variant, seed, epochs }) =>
    epochs.map((epoch) => ({
      family: variant.family,
      method: variant.label,
      run: `${variant.name}/${seed}`,
      epoch: epoch.epoch + 1,
      test: epoch.test[0],
      skips: 100 * epoch.skipShare,
      loss: epoch.validation.loss,
      eigenvalue: epoch.eigenvalue
    }))
  )
  const families = [...new Set(runs.map(({ variant }) => variant.family))]
  const methods = [...new Set(runs.map(({ variant }) => variant.label))]
  const spec: TopLevelSpec = {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    background: "white",
    config: { legend: { labelLimit: 400 } },
    data: { values },
    spacing: 12,
    vconcat: METRICS.map(({ field, title }, i) => ({
      facet: { column: { field: "family", sort: families, title: null, header: { labels: i === 0 } } },
      spacing: 12,
      spec: {
        width: 190,
        height: field === "test" ? 170 : 90,
        transform: [{ filter: `datum.${field} !== null` }],
        mark: { type: "line", strokeWidth: 1.5, opacity: 0.8, point: field === "eigenvalue" },
        encoding: {
          x: { field: "epoch", type: "quantitative", title: i === METRICS.length - 1 ? "epoch" : null },
          y: { field, type: "quantitative", title, scale: { zero: false } },
          detail: { field: "run" },
          color: {
            field: "method",
            type: "nominal",
            sort: methods,
            title: null,
            scale: { scheme: "tableau20" }
          }
        }
      }
    }))
  }
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: "none" })
  const svg = await view.toSVG()
  view.finalize()
  return `${svg}\n`
}
