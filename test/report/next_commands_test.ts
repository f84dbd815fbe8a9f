import { spawnSync } from "node:child_process"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { printGenotype } from "../../src/domain/architecture/genotype.ts"
import { PUBLISHED_GENOTYPES } from "../../src/domain/architecture/published_genotypes.ts"
import { TRAINING_PROTOCOLS } from "../../src/domain/training/protocol.ts"
import { fullTraining, nextCommands } from "../../src/report/next_commands.ts"
import { quoted } from "../../src/report/quoted.ts"

const GENOTYPE = printGenotype(PUBLISHED_GENOTYPES.DARTS_V2!)

const test = suite("nextCommands()")

test("a shell reads every word as it was", () => {
  const words = ["darts", GENOTYPE, "|a~0|+|b~0|c~1|", `{"0->1":"none"}`, 'my data/it\'s $HOME `x` \\ "y"', "", "a;b"]
  const { stdout } = spawnSync("sh", ["-c", `printf '%s\\0' ${words.map(quoted).join(" ")}`], { encoding: "utf8" })
  assert.equal(stdout.split("\0").slice(0, -1), words)
})

test("name the architecture, its space, the data of the search, and the network of the report", () => {
  const training = {
    name: "darts-cifar",
    changes: { imageSize: 64, flip: false },
    protocol: TRAINING_PROTOCOLS["darts-cifar"],
    image: [1, 64, 64]
  } as const
  const source = { space: "my space.json", dataset: "image-folder", data: "images" }
  assert.equal(nextCommands(GENOTYPE, source, training, 7), [
    `npx tsx bin/evaluate.ts --architecture "${GENOTYPE}" --space 'my space.json' --dataset image-folder --data images --image-size 64 --flip no`,
    `npx tsx bin/export.ts --architecture "${GENOTYPE}" --space 'my space.json' --channels 36 --cells 20 --classes 7 --image 64 --image-channels 1 --describe`
  ])
  const quick = { ...training, changes: { ...training.changes, images: 9, epochs: 10 } }
  assert.is(
    fullTraining(quick, { ...training, changes: { flip: false } }),
    "the whole protocol darts-cifar: that training without --image-size, --images and --epochs, 600 epochs; evaluate says how long either takes"
  )
  assert.is(fullTraining(training, training), undefined)
})

test.run()
