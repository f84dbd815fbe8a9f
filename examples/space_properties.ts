/**
 * Property tests of your own space, for your test suite: what holds for every architecture and its
 * neighbors.
 */
import * as FastCheck from "@effect/schema/FastCheck"
import { readSpace, spaceInvariants } from "na-nas"

const space = readSpace({
  name: "transformer",
  decisions: [
    { name: "layers", choices: ["2", "4", "6"] },
    { name: "heads", choices: ["1", "2", "4", "8"] },
    { name: "activation", choices: ["relu", "gelu"] }
  ]
})
for (const { name, property } of spaceInvariants(space, { radius: 2 })) {
  FastCheck.assert(property, { numRuns: 30 })
  console.log(`holds: ${name}`)
}
