import { suite } from "uvu"
import * as assert from "uvu/assert"
import { ABSENT, bundled, runBrowser, runConsole, withWorker } from "./_hosts.ts"
import type { Found } from "./_search.ts"

const test = suite("elsewhere")

/** A test of hosts that may be absent: it then says so. */
function on(hosts: ReadonlyArray<keyof typeof ABSENT>, name: string, body: () => Promise<void>): void {
  const reasons = hosts.flatMap((host) => ABSENT[host] ?? [])
  if (reasons.length === 0) test(name, body)
  else console.log(`left out: ${name}; ${reasons.join(", ")}`)
}

let known: Found | undefined
/** What Node finds; it searches once. */
function expected(): Found {
  known ??= JSON.parse(runConsole("node")) as Found
  return known
}

function alike(found: Found): void {
  assert.is(found.genotype, expected().genotype)
  assert.is(found.losses.length, 2)
  for (const [epoch, both] of found.losses.entries())
    for (const [i, loss] of both.entries()) {
      const own = expected().losses[epoch]![i]!
      assert.ok(Math.abs(loss - own) < 1e-5 * own, `epoch ${epoch}: ${loss} instead of ${own}`)
    }
}

on(["deno"], "Deno finds the genotype that Node finds, from the sources as they are", async () => {
  alike(JSON.parse(runConsole("deno")) as Found)
})

on(["chromium"], "a page in Chromium finds it too", async () => {
  const told = await runBrowser(await bundled("_browser.ts"), 180_000)
  assert.not.match(told, /^error/)
  alike(JSON.parse(told) as Found)
})

on(["workerd"], "a worker answers questions about neighborhoods over HTTP", async () => {
  await withWorker(await bundled("_worker.ts"), async (address) => {
    const got = await fetch(`${address}/neighborhood?architecture=333333&aggregate=worst`)
    assert.is(got.status, 200)
    const answer = (await got.json()) as { loss: number; center: { loss: number }; neighbors: Array<{ loss: number }> }
    assert.is(answer.neighbors.length, 24)
    assert.is(answer.loss, Math.max(answer.center.loss, ...answer.neighbors.map(({ loss }) => loss)))
    const body = JSON.stringify({ architecture: "333333", aggregate: "worst" })
    const posted = await fetch(`${address}/neighborhood`, { method: "POST", body })
    assert.equal(await posted.json(), answer)
    const marked = await fetch(`${address}/neighborhood`, { method: "POST", body: `\uFEFF${body}` })
    assert.equal(await marked.json(), answer)
    const long = await fetch(`${address}/neighborhood`, { method: "POST", body: " ".repeat(2 ** 20 + 1) })
    assert.is(long.status, 413)
    const other = await fetch(`${address}/neighborhood`, { method: "PUT" })
    assert.equal([other.status, other.headers.get("allow")], [405, "GET, HEAD, POST"])
    assert.is((await fetch(`${address}/neighborhood?architecture=nonsense`)).status, 400)
    assert.is((await fetch(`${address}/`)).status, 404)
  })
})

test.run()
