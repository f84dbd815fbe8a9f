/** A space of your own with cells: its size, an architecture by name, and the neighbors of that. */
import { makeBall, neighbors, printArchitecture, readArchitecture, readSpace, spaceSize } from "na-nas"

const operations = ["none", "skip_connect", "nor_conv_3x3"]
const space = readSpace({
  name: "small-cell",
  cells: [
    {
      name: "cell",
      inputs: 1,
      nodes: 2,
      edges: [
        { from: 0, to: 1, operations },
        { from: 0, to: 2, operations },
        { from: 1, to: 2, operations }
      ]
    }
  ]
})
console.log(spaceSize(space)) // 27

const { architecture } = readArchitecture(space, '{ "0->1": "nor_conv_3x3", "0->2": "none", "1->2": "skip_connect" }')
for (const neighbor of neighbors(makeBall(space), architecture)) console.log(printArchitecture(space, neighbor, "json"))
