/**
 * How flat the losses are around an architecture: its own loss, its neighbors', and the decision
 * that matters most.
 */
import { builtinSpace, runPromise, scoreArchitecture } from "na-nas"

const PARAMETERS: Readonly<Record<string, number>> = { nor_conv_3x3: 9, nor_conv_1x1: 1 }
const around = await runPromise(
  scoreArchitecture({
    space: builtinSpace("nas-bench-201"),
    architecture: "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
    evaluate: ({ choices }) => 1 / (1 + Object.values(choices).reduce((sum, name) => sum + (PARAMETERS[name] ?? 0), 0)),
    objective: { aggregate: "mean" }
  })
)
console.log(`own loss ${around.center.loss.toFixed(4)}, with its neighbors ${around.loss.toFixed(4)}`)

const worst = around.neighbors.reduce((a, b) => (b.loss > a.loss ? b : a))
const changed = Object.keys(worst.choices).find((name) => worst.choices[name] !== around.center.choices[name])
console.log(`the worst neighbor changes ${changed}: ${worst.loss.toFixed(4)}`)
