import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import { create } from "tar"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { layerCached } from "../../../src/adapters/datasets/layer.ts"
import { Datasets } from "../../../src/effects/ports/datasets.ts"
import { run } from "../../_effect.ts"
import { cifarRecords, open, refusal, temporary } from "./_files.ts"

const { folder, write, remove } = temporary()
write("in/cifar/test_batch.bin", cifarRecords([[4]], 7))
write("in/cifar/data_batch_2.bin", cifarRecords([[2], [3]], 1))
write("in/cifar/data_batch_1.bin", cifarRecords([[1]]))
write("in/cifar/readme.html", "<p>")
await create({ gzip: true, file: join(folder, "set.tar.gz"), cwd: join(folder, "in") }, ["cifar"])
const backwards = ["test_batch.bin", "data_batch_2.bin", "data_batch_1.bin"].map((name) => `cifar/${name}`)
await create({ file: join(folder, "set.tar"), cwd: join(folder, "in") }, backwards)
const plain = await open({ _tag: "Cifar10", from: [join(folder, "in")] })

const test = suite("readLocations()")
test.after(remove)

test("an archive, plain or compressed, gives what its folder gives", async () => {
  assert.equal(plain.info.train, 3)
  assert.equal([...(await run(plain.train.read([0, 1, 2]))).labels], [1, 2, 3])
  for (const name of ["set.tar.gz", "set.tar"])
    assert.equal((await open({ _tag: "Cifar10", from: [join(folder, name)] })).info, {
      ...plain.info,
      from: [join(folder, name)]
    })
})

test("archives are known by their contents, whatever their names", async () => {
  for (const name of ["set.tar.gz", "set.tar"]) {
    const path = write(`named/${name.length}-download`, readFileSync(join(folder, name)))
    assert.equal((await open({ _tag: "Cifar10", from: [path] })).info, { ...plain.info, from: [path] })
  }
})

test("archives and compressions that are not read are named", async () => {
  const begins = { zip: "PK\x03\x04", bzip2: "BZh9", xz: "\xfd7zXZ\0", "7-Zip": "7z\xbc\xaf\x27\x1c" }
  for (const [format, begin] of Object.entries(begins))
    for (const name of ["cifar.tar.bz2", "train", "data.safetensors"]) {
      const path = write(`others/${format}/${name}`, Buffer.from(`${begin}, and more`, "latin1"))
      for (const _tag of ["Cifar10", "TensorFile"] as const) {
        const error = await refusal(_tag === "Cifar10" ? { _tag, from: [path] } : { _tag, from: path })
        assert.match(error.message, `it is a ${format} file, which is not read: unpack it`)
      }
    }
})

test("an address gives what its archive gives, also through a redirect and with its name in the query", async () => {
  const archive = readFileSync(join(folder, "set.tar.gz"))
  const server = createServer(({ url }, response) =>
    url === "/moved/download?file=moved.tgz"
      ? response.writeHead(302, { location: "/elsewhere" }).end()
      : response.end(archive)
  )
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  const sha256 = createHash("sha256").update(archive).digest("hex")
  for (const path of ["set.tar.gz", "download?file=set.tgz", "moved/download?file=moved.tgz", "42"]) {
    const url = `http://127.0.0.1:${port}/${path}`
    const opened = await run(
      Effect.flatMap(Datasets, (datasets) => datasets.open({ _tag: "Cifar10", from: [{ url, sha256 }] })).pipe(
        Effect.provide(layerCached(join(folder, "cache"))),
        Effect.provide(NodeContext.layer)
      )
    )
    assert.equal(opened.info, { ...plain.info, from: [url] })
  }
  server.close()
})

test("an archive cut off at any of 16 places, between its files too, is an error, never a smaller dataset", async () => {
  for (const name of ["set.tar.gz", "set.tar"]) {
    const whole = readFileSync(join(folder, name))
    const cuts = Array.from({ length: 15 }, (_, i) => Math.floor(((i + 1) * whole.length) / 16))
    for (let at = whole.indexOf("ustar"); at >= 0; at = whole.indexOf("ustar", at + 1)) cuts.push(at - 257)
    for (const cut of cuts) {
      const path = write(`cut-${cut}-${name}`, whole.subarray(0, cut))
      const error = await refusal({ _tag: "Cifar10", from: [path] })
      assert.ok(["damaged", "truncated", "empty"].includes(error.reason), error.message)
      assert.match(error.message, path)
    }
  }
})

test("an archive that is none, empty or absent is an error that names it", async () => {
  const cases = [
    [write("noise.tar.gz", "no archive at all"), "damaged"],
    [write("noise.tar", "no archive at all"), "damaged"],
    [write("gz.tar.gz", gzipSync("no archive at all")), "damaged"],
    [write("empty.tar", new Uint8Array(1024)), "damaged"],
    [join(folder, "nope.tar.gz"), "missing_file"]
  ] as const
  for (const [path, reason] of cases) {
    const error = await refusal({ _tag: "Cifar10", from: [path] })
    assert.is(error.reason, reason, error.message)
    assert.match(error.message, path)
  }
  const alone = await refusal({ _tag: "TensorFile", from: write("x.safetensors.gz", gzipSync("not even tar")) })
  assert.match(alone.message, "it is not a tar archive, or it is damaged: unpack a file that is only compressed")
})

test.run()
