import { suite } from "uvu"
import * as assert from "uvu/assert"
import { BACKEND_NAMES } from "../../src/domain/data/names.ts"
import { cli, cliAsync, lastJson } from "./_cli.ts"

interface Found {
  readonly backend: string
  readonly available: boolean
  readonly problem: string | null
  readonly cure: string | null
  readonly milliseconds: number | null
  readonly parityError: number | null
}

const test = suite("doctor")

test("tells every backend: what works agrees with the reference, what is missing has a reason and a cure", async () => {
  const ran = await cliAsync({}, "doctor", "--seconds", "0", "--json").ended
  assert.is(ran.status, 0, ran.stderr)
  const backends = lastJson(ran).backends as ReadonlyArray<Found>
  assert.equal(
    backends.map(({ backend }) => backend),
    [...BACKEND_NAMES]
  )
  for (const { backend, available, problem, cure, milliseconds, parityError } of backends) {
    assert.is(available, milliseconds !== null && parityError !== null && parityError < 1e-4, backend)
    assert.is(available, problem === null && cure === null, backend)
  }
  for (const needed of ["reference", "tfjs-wasm", "tfjs-cpu"])
    assert.ok(backends.find(({ backend }) => backend === needed)?.available, needed)
})

test("one backend is told alone, with what it composes; an unknown one is wrong usage", async () => {
  const ran = await cli("doctor", "--backend", "tfjs-wasm", "--composed", "--seconds", "0")
  assert.is(ran.status, 0, ran.stderr)
  assert.match(ran.stdout, /works {4}tfjs-wasm .* ms, differs by .*WebAssembly/)
  assert.match(ran.stdout, "composed: filter gradient of dense convolutions")
  assert.is((await cli("doctor", "--backend", "abacus")).status, 2)
  assert.is((await cli("doctor", "--seconds", "-1")).status, 2)
})

test.run()
