import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { suite } from "uvu"
import * as assert from "uvu/assert"

const test = suite("scripts/install_tensorflow.ts")

function install(...args: ReadonlyArray<string>) {
  return spawnSync(process.execPath, ["--import", "tsx", "scripts/install_tensorflow.ts", ...args], {
    encoding: "utf8"
  })
}

/** A folder with empty files of these names. */
function folderWith<A>(names: ReadonlyArray<string>, use: (folder: string) => A): A {
  const folder = mkdtempSync(join(tmpdir(), "na-nas-"))
  try {
    for (const name of names) {
      mkdirSync(join(folder, name, ".."), { recursive: true })
      writeFileSync(join(folder, name), "")
    }
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const HEADER = "include/tensorflow/c/c_api.h"

test("no source, two sources and unknown flags are wrong usage", () => {
  for (const args of [[], ["--download", "--from-python"], ["--nonsense"]]) {
    const { status, stderr } = install(...args)
    assert.is(status, 2)
    assert.is(stderr.trim().split("\n").length, 1)
  }
})

test("a folder without library or headers is one line of error that says what is missing", () => {
  for (const [names, missing] of [
    [[HEADER], "no libtensorflow"],
    [["lib/libtensorflow.so.2"], "no tensorflow/c/c_api.h"]
  ] as const) {
    const { status, stderr } = folderWith(names, (folder) => install("--library", folder))
    assert.is(status, 1)
    assert.match(stderr, missing)
    assert.is(stderr.trim().split("\n").length, 1)
  }
  const { status, stderr } = install("--from-python", "--python", "no-such-python")
  assert.is(status, 1)
  assert.match(stderr, "no-such-python -m pip install tensorflow")
})

test("the C library is linked by its file, else the one of a wheel, and found where it lies", () => {
  if (!existsSync("node_modules/@tensorflow/tfjs-node")) return
  const wheel = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2", HEADER]
  for (const [names, linked] of [
    [wheel, "libtensorflow_cc.so.2"],
    [[...wheel, "libtensorflow.so.2", "libtensorflow.so.2.16.1"], "libtensorflow.so.2"]
  ] as const) {
    folderWith([...names, "node/node_api.h"], (folder) => {
      const { status, stdout, stderr } = install("--library", folder, "--headers", join(folder, "node"), "--dry-run")
      assert.is(status, 0, stderr)
      const words = stdout.trim().split(" ")
      assert.ok(words.includes(join(folder, linked)))
      assert.ok(words.includes(join(folder, "libtensorflow_framework.so.2")))
      assert.ok(words.includes(`-Wl,-rpath,${folder}`))
      assert.ok(words.some((word) => word.endsWith("binding/tfjs_backend.cc")))
      assert.is(words.filter((word) => word.startsWith(folder)).length, 2)
    })
  }
})

test("the package's own installer is asked for the library of the package: without its arguments it takes the processor's", () => {
  if (!existsSync("node_modules/@tensorflow/tfjs-node-gpu")) return
  for (const [flags, name, kind] of [
    [[], "tfjs-node", "cpu"],
    [["--gpu"], "tfjs-node-gpu", "gpu"]
  ] as const) {
    const { status, stdout } = install(...flags, "--download", "--dry-run")
    assert.is(status, 0)
    assert.ok(stdout.trim().endsWith(`${join(name, "scripts", "install.js")} ${kind} download`), stdout)
  }
})

test("a build that fails leaves no half-made binding", () => {
  if (!existsSync("node_modules/@tensorflow/tfjs-node")) return
  folderWith(["lib/libtensorflow.so.2", HEADER, "node/node_api.h"], (folder) => {
    const { status, stderr } = install("--library", folder, "--headers", join(folder, "node"), "--compiler", "false")
    assert.is(status, 1)
    assert.match(stderr, "false ended with exit code 1")
  })
})

test.run()
