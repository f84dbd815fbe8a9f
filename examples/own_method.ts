/**
 * A method of your own: first-order DARTS on samples, one-hot draws from alpha at a fixed
 * temperature.
 */
import { builtinSpace, field, real, runPromise } from "na-nas"
import { gradientProgram, type Method, plain, searchDarts } from "na-nas/darts"

const fields = { temperature: field(real({ above: 0 }), 1, "of the draws; towards 0 they follow the largest alpha") }

const sampled: Method<typeof fields> = {
  ...plain,
  name: "sampled",
  summary: "first-order DARTS on one-hot samples",
  source: "an example",
  fields,
  relaxation: ({ temperature }) => ({ temperature: () => temperature }),
  alphaGradient: (_, loss) => gradientProgram(loss, loss.alphas)
}

const y = Array.from({ length: 64 }, (_, image) => image % 2)
const x = Float32Array.from({ length: 64 * 64 }, (_, i) => y[Math.floor(i / 64)]! + Math.sin(i * 12.9898))
const found = await runPromise(
  searchDarts({
    space: builtinSpace("nas-bench-201"),
    images: { x, y, shape: [1, 8, 8] },
    method: sampled,
    settings: { temperature: 0.5, epochs: 2, batchSize: 16, channels: 2 }
  })
)
console.log(found.text)
