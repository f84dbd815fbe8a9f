import { suite } from "uvu"
import * as assert from "uvu/assert"
import { makeForecast, roughly } from "../../src/report/forecast.ts"

const forecast = suite("makeForecast()")

forecast("is made once, from the steps behind the first, and names what is shorter where it takes long", () => {
  const told = makeForecast("give less")
  assert.is(told({ done: 1, milliseconds: 60_000 }, 1000), undefined)
  assert.is(told({ done: 2, milliseconds: 61_000 }, 999), undefined)
  assert.is(
    told({ done: 4, milliseconds: 63_000 }, 997),
    "about 17 minutes to go, 1.0 s a step; for a shorter run give less"
  )
  assert.is(told({ done: 9, milliseconds: 99_000 }, 990), undefined)
})

forecast("says nothing of what is done at once", () => {
  const told = makeForecast("give less")
  assert.is(told({ done: 1, milliseconds: 0 }, 20), undefined)
  assert.is(told({ done: 12, milliseconds: 2200 }, 9), undefined)
  const later = makeForecast("give less")
  later({ done: 1, milliseconds: 0 }, 20)
  assert.is(later({ done: 2, milliseconds: 12_000 }, 3), "about 36 s to go, 12 s a step")
})

forecast("times are said in their unit", () => {
  assert.equal([61, 600, 7200, 400_000].map(roughly), ["61 s", "10 minutes", "2 hours", "5 days"])
})

forecast.run()
