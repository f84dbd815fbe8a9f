import protobuf from "protobufjs"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { OnnxGraph } from "../../../../src/adapters/tensor/onnx/model.ts"

const text = (id: number) => ({ type: "string", id, rule: "repeated" })
const models = protobuf.Root.fromJSON({
  nested: {
    Model: { fields: { graph: { type: "Graph", id: 7 } } },
    Graph: { fields: { node: { type: "Node", id: 1, rule: "repeated" } } },
    Node: { fields: { input: text(1), output: text(2), opType: { type: "string", id: 4 } } }
  }
}).lookupType("Model")

/** The operators of a graph, in the order of the file. */
function operators(graph: OnnxGraph): ReadonlyArray<string> {
  const decoded = models.toObject(models.decode(graph.encode()))
  return decoded["graph"].node.map(({ opType }: { opType: string }) => opType)
}

const test = suite("OnnxGraph")

test("moves of inputs come first, reshapes and joins at once, the rest in its order", () => {
  const graph = new OnnxGraph()
  const x = graph.input("x", [4])
  const weights = graph.input("weights", [8])
  const positive = graph.operator("Relu", [x])
  const negative = graph.operator("Neg", [positive])
  const [first, second] = graph.split(weights, 0, [4, 4]) as [string, string]
  const sum = graph.operator("Add", [negative, first])
  const turned = graph.operator("Reshape", [second, graph.integers([2, 2])])
  const tall = graph.operator("Reshape", [positive, graph.integers([4, 1])])
  const flat = graph.operator("Reshape", [tall, graph.integers([4])])
  const joined = graph.operator("Concat", [negative, flat], { attributes: { axis: 0 } })
  graph.output("sum", sum, [4])
  graph.output("turned", turned, [2, 2])
  graph.output("joined", joined, [8])
  assert.equal(operators(graph), [
    ...["Split", "Reshape"],
    ...["Relu", "Reshape", "Reshape", "Neg", "Concat", "Add"],
    ...["Identity", "Identity", "Identity"]
  ])
})

test("what no output needs is left out", () => {
  const graph = new OnnxGraph()
  const x = graph.input("x", [4])
  const needed = graph.operator("Relu", [x])
  graph.operator("Exp", [graph.operator("Neg", [needed])])
  graph.output("y", needed, [4])
  assert.equal(operators(graph), ["Relu", "Identity"])
})

test.run()
