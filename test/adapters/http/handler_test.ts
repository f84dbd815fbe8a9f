import { suite } from "uvu"
import * as assert from "uvu/assert"
import { fetchHandler, MOST_NEIGHBORS } from "../../../src/adapters/http/handler.ts"
import type { Architecture } from "../../../src/domain/architecture/architecture.ts"
import { printArchitecture } from "../../../src/domain/architecture/text.ts"
import { makeBall, neighbors } from "../../../src/domain/neighborhood/ball.ts"
import { aggregate } from "../../../src/domain/objective/aggregate.ts"
import { evaluator, NAS_BENCH, SMALL, type Tabulated } from "../../effects/programs/_searches.ts"

interface Answer {
  readonly error?: string
  readonly message?: string
  readonly space: string
  readonly loss: number | null
  readonly center: Scored
  readonly neighbors: ReadonlyArray<Scored>
}

interface Scored {
  readonly architecture: string
  readonly distance: number
  readonly loss: number | null
  readonly diverged?: boolean
}

/** One request to a handler of its own. */
async function ask(over: Tabulated, path: string, init: RequestInit = {}, behaviour = {}) {
  const { handler, dispose } = fetchHandler(over.space, evaluator(over, behaviour))
  const response = await handler(new Request(`http://na-nas.test${path}`, init))
  const answer = (await response.json()) as Answer
  await dispose()
  assert.match(response.headers.get("content-type") ?? "", "application/json")
  return { status: response.status, answer }
}

const post = (body: string | Uint8Array<ArrayBuffer>) => ({ method: "POST", body })

const test = suite("fetchHandler()")

test("answers with the loss, the center and every neighbor, as the definition has it", async () => {
  const { space, table, losses } = NAS_BENCH
  const center = [3, 0, 4, 1, 2, 3]
  const expected = Array.from(neighbors(makeBall(space), center), (one) => losses[table.rowOf(one)]!)
  for (const how of ["mean", "worst"] as const) {
    const { status, answer } = await ask(NAS_BENCH, `/neighborhood?architecture=304123&aggregate=${how}`)
    assert.is(status, 200, JSON.stringify(answer))
    assert.is(answer.neighbors.length, 24)
    assert.is(answer.center.loss, losses[table.rowOf(center)]!)
    assert.is(answer.center.architecture, printArchitecture(space, center))
    assert.equal(
      answer.neighbors.map(({ loss }) => loss),
      expected
    )
    assert.ok(answer.neighbors.every(({ distance }) => distance === 1))
    const tag = how === "mean" ? "Mean" : "Worst"
    assert.is(answer.loss, aggregate({ _tag: tag }, [answer.center.loss!, ...expected], [0, ...expected.map(() => 1)]))
  }
})

test("what diverged says so, its infinite loss is null, and the mean over it", async () => {
  const behaviour = { diverges: ([first]: Architecture) => first === 1, worst: Number.POSITIVE_INFINITY }
  const { answer } = await ask(SMALL, "/neighborhood?architecture=0120", {}, behaviour)
  assert.is(answer.loss, null)
  assert.not.ok("diverged" in answer.center)
  const [diverged, others] = [true, false].map((is) => answer.neighbors.filter((one) => (one.diverged === true) === is))
  assert.equal(
    diverged!.map(({ architecture, loss }) => [architecture[0], loss]),
    [["1", null]]
  )
  assert.ok(others!.length > 0 && others!.every(({ loss }) => Number.isFinite(loss)))
})

test("parameters of an address and a body of JSON mean the same", async () => {
  const [got, posted, text] = [
    await ask(SMALL, "/neighborhood?architecture=0120&radius=2&neighbors=7&center=no&seed=a&aggregate=cvar:0.5"),
    await ask(
      SMALL,
      "/neighborhood",
      post(`{"architecture":"0120","radius":2,"neighbors":7,"center":false,"seed":"a","aggregate":"cvar:0.5"}`)
    ),
    await ask(SMALL, "/neighborhood", post(`{"architecture":"0120","radius":"2","neighbors":"7","seed":"b"}`))
  ]
  assert.is(got.status, 200, JSON.stringify(got.answer))
  assert.equal(got, posted)
  assert.is(got.answer.neighbors.length, 7)
  assert.ok(got.answer.neighbors.some(({ distance }) => distance === 2))
  assert.is(text.status, 200)
  const exact = await ask(SMALL, "/neighborhood?architecture=0120&radius=2&exactRadius=yes")
  assert.equal([...new Set(exact.answer.neighbors.map(({ distance }) => distance))], [2])
  assert.not.equal(text.answer.neighbors, got.answer.neighbors, "another seed draws others")
})

for (const [name, path, init, status, text] of [
  ["no architecture", "/neighborhood", {}, 400, "architecture"],
  ["an architecture of another space", "/neighborhood?architecture=999", {}, 400, "Cannot read architecture"],
  ["an aggregate that is none", "/neighborhood?architecture=0120&aggregate=sum", {}, 400, "not an aggregate"],
  ["a radius that is none", "/neighborhood?architecture=0120&radius=0", {}, 400, "radius"],
  ["a number that is none", "/neighborhood?architecture=0120&neighbors=x", {}, 400, "neighbors"],
  ["a parameter twice", "/neighborhood?architecture=0120&architecture=0121", {}, 400, "architecture"],
  ["an unknown parameter", "/neighborhood?architecture=0120&depth=3", {}, 400, "depth: is not a parameter"],
  ["a body that is not JSON", "/neighborhood", post("{"), 400, "not JSON"],
  ["a body that is not UTF-8", "/neighborhood", post(Uint8Array.of(0x22, 0xff, 0x22)), 400, "not UTF-8"],
  ["no body", "/neighborhood", { method: "POST" }, 400, "the body is missing"],
  [
    "a body beside parameters",
    "/neighborhood?radius=2",
    post(`{"architecture":"0120"}`),
    400,
    "leave out those of the address"
  ],
  ["a long body", "/neighborhood", post(" ".repeat(2 ** 20 + 1)), 413, "larger than 1,048,576 bytes"],
  ["another method", "/neighborhood?architecture=0120", { method: "DELETE" }, 405, "takes GET, HEAD, POST"],
  ["a body of another form", "/neighborhood", post("[]"), 400, "Cannot answer"],
  ["another address", "/neighbourhood", {}, 404, "the only address is /neighborhood"]
] as const) {
  test(`${name} is told as JSON, with ${status}`, async () => {
    const { status: actual, answer } = await ask(SMALL, path, init)
    assert.is(actual, status, JSON.stringify(answer))
    assert.match(answer.message ?? "", text)
  })
}

test("an architecture is read in any form that commands take; what cannot be read is told with the forms there are", async () => {
  const text = printArchitecture(NAS_BENCH.space, [3, 0, 4, 1, 2, 3])
  for (const form of [
    text,
    `arch = ${text}`,
    "nor_conv_3x3:none:avg_pool_3x3:skip_connect:nor_conv_1x1:nor_conv_3x3"
  ]) {
    const { status, answer } = await ask(NAS_BENCH, `/neighborhood?architecture=${encodeURIComponent(form)}`)
    assert.is(status, 200, answer.message)
    assert.is(answer.center.architecture, text)
  }
  const { status, answer } = await ask(NAS_BENCH, "/neighborhood?architecture=DARTS_V1")
  assert.is(status, 400)
  assert.match(answer.message!, "6 digits for 0->1, 0->2, 1->2, 0->3, 1->3, 2->3")
})

test("a byte order mark before the body is ignored", async () => {
  const { status, answer } = await ask(SMALL, "/neighborhood", post(`\uFEFF{"architecture":"0120"}`))
  assert.is(status, 200, JSON.stringify(answer))
})

test("a body that does not end is refused when the limit is reached, and no more of it is asked for", async () => {
  const { handler, dispose } = fetchHandler(SMALL.space, evaluator(SMALL), { maxBodyBytes: 1000 })
  let given = 0
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      given += 100
      controller.enqueue(new Uint8Array(100).fill(0x20))
    }
  })
  const init = { method: "POST", body, duplex: "half" } as const
  const response = await handler(new Request("http://na-nas.test/neighborhood", init))
  assert.is(response.status, 413)
  assert.ok(given < 3000, `${given} bytes`)
  await dispose()
})

test("methods that there are, and what a browser asks before, are told as the origins say", async () => {
  const options = async (origins: ReadonlyArray<string> | undefined, method: string) => {
    const { handler, dispose } = fetchHandler(SMALL.space, evaluator(SMALL), origins === undefined ? {} : { origins })
    const headers = { origin: "https://page.test", "access-control-request-method": "POST" }
    const url = "http://na-nas.test/neighborhood?architecture=0120"
    const { status, headers: answered } = await handler(new Request(url, { method, headers }))
    await dispose()
    return [status, answered.get("access-control-allow-origin"), answered.get("allow")]
  }
  assert.equal(await options(undefined, "GET"), [200, null, null])
  assert.equal(await options(undefined, "OPTIONS"), [405, null, "GET, HEAD, POST"])
  assert.equal(await options(["*"], "GET"), [200, "*", null])
  assert.equal(await options(["*"], "OPTIONS"), [204, "*", null])
  assert.equal(await options(["https://page.test"], "DELETE"), [405, "https://page.test", "GET, HEAD, POST, OPTIONS"])
  const two = ["https://page.test", "https://other.test"]
  assert.equal(await options(two, "GET"), [200, "https://page.test", null])
  assert.equal(await options(two.slice(1), "GET"), [200, "https://other.test", null])
})

test("what is understood and cannot be evaluated is told with 422", async () => {
  const broken = await ask(SMALL, "/neighborhood?architecture=0120", {}, { failAfter: 0 })
  assert.is(broken.status, 422)
  assert.is(broken.answer.error, "EvaluationError")
  const missing = await ask({ ...NAS_BENCH, table: SMALL.table }, "/neighborhood?architecture=304123")
  assert.is(missing.status, 422)
  assert.match(missing.answer.message ?? "", "unknown architecture")
  const many = await ask(NAS_BENCH, "/neighborhood?architecture=304123&radius=6")
  assert.is(many.status, 422)
  assert.match(many.answer.message ?? "", `at most ${MOST_NEIGHBORS}`)
})

test.run()
