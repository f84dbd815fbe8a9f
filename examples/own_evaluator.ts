/** Search a space by a function of your own: here, how far a network is from a size. */
import { readSpace, runPromise, searchArchitectures } from "na-nas"

const widths = ["8", "16", "32", "64"]
const space = readSpace({
  name: "mlp",
  decisions: ["first", "second", "third"].map((name) => ({ name, choices: widths }))
})

const best = await runPromise(
  searchArchitectures({
    space,
    // Train the network here, or call the machine that does; a lower loss is better.
    evaluate: async ({ choices }) => {
      const sizes = Object.values(choices).map(Number)
      return Math.abs(sizes.reduce((sum, size) => sum + size) - 96)
    },
    budget: { samples: 60 },
    concurrency: 4
  })
)
console.log(best.choices)
console.log(`mean loss of it and its neighbors: ${best.loss}`)
