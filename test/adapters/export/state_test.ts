import * as Either from "effect/Either"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { initialState, stateDict, stateOf } from "../../../src/adapters/export/state.ts"
import { readSafetensors, type WritableTensor, writeSafetensors } from "../../../src/adapters/tensor/safetensors.ts"
import { networkOf } from "./_networks.ts"

const REQUEST = { architecture: "DARTS_V2", sizes: { channels: 2, cells: 3, image: 16 } }

const test = suite("initialState(), stateOf(), stateDict()")

test("a fresh state is that of a fresh PyTorch module", async () => {
  const { network } = await networkOf(REQUEST)
  const { tensors, counters } = initialState(network, "0")
  const constant = (name: string) => [...new Set(tensors.get(name)!.data)]
  assert.equal(constant("stem.1.weight"), [1])
  assert.equal(constant("stem.1.bias"), [0])
  assert.equal(constant("stem.1.running_mean"), [0])
  assert.equal(constant("stem.1.running_var"), [1])
  assert.ok(Math.max(...tensors.get("stem.0.weight")!.data) <= 1 / Math.sqrt(27))
  assert.is(counters.size, network.buffers.size / 2)
  assert.ok([...counters.values()].every((count) => count === 0))
  assert.equal([...tensors.keys()], [...network.parameters.keys(), ...network.buffers.keys()])
})

test("a state dictionary is read back with its counters", async () => {
  const { network, tensors } = await networkOf(REQUEST)
  const counters = new Map([...initialState(network, "0").counters.keys()].map((name, i) => [name, 1000 + i]))
  const bytes = writeSafetensors(new Map<string, WritableTensor>(stateDict({ tensors, counters })))
  const read = Either.getOrThrow(stateOf(network, "file", Either.getOrThrow(readSafetensors("file", bytes))))
  assert.equal(read.counters, counters)
  assert.equal(read.tensors, tensors)
})

test.run()
