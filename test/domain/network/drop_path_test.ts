import { suite } from "uvu"
import * as assert from "uvu/assert"
import { dropPathMask } from "../../../src/domain/network/drop_path.ts"

const test = suite("dropPathMask()")

test("drops with the probability, keeps the mean, and is the same for the same seed", () => {
  const mask = dropPathMask(20000, 0.2, "0")
  assert.equal([...new Set(mask)].sort(), [0, 1.25])
  const dropped = mask.filter((x) => x === 0).length / mask.length
  assert.ok(Math.abs(dropped - 0.2) < 4 * Math.sqrt((0.2 * 0.8) / mask.length))
  assert.equal([...dropPathMask(3, 0, "0")], [1, 1, 1])
  assert.equal(dropPathMask(50, 0.5, "a"), dropPathMask(50, 0.5, "a"))
  assert.not.equal(dropPathMask(50, 0.5, "a"), dropPathMask(50, 0.5, "b"))
})

test.run()
