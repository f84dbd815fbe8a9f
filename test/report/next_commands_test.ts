import { spawnSync } from "node:child_process"
import * as Schema from "@effect/schema/Schema"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { printGenotype } from "../../src/domain/architecture/genotype.ts"
import { PUBLISHED_GENOTYPES } from "../../src/domain/architecture/published_genotypes.ts"
import { GradientRunSettings } from "../../src/domain/darts/run_settings.ts"
import { nextCommands } from "../../src/report/next_commands.ts"
import { quoted } from "../../src/report/quoted.ts"

const GENOTYPE = printGenotype(PUBLISHED_GENOTYPES.DARTS_V2!)

const test = suite("nextCommands()")

test("a shell reads every word as it was", () => {
  const words = ["darts", GENOTYPE, "|a~0|+|b~0|c~1|", `{"0->1":"none"}`, 'my data/it\'s $HOME `x` \\ "y"', "", "a;b"]
  const { stdout } = spawnSync("sh", ["-c", `printf '%s\\0' ${words.map(quoted).join(" ")}`], { encoding: "utf8" })
  assert.equal(stdout.split("\0").slice(0, -1), words)
})

test("name the architecture, its space and the data of the search", () => {
  const settings = Schema.decodeSync(GradientRunSettings)
  const commands = nextCommands(
    GENOTYPE,
    settings({ space: "my space.json", dataset: "image-folder", data: "images", imageSize: 64 })
  )
  assert.equal(commands, [
    `npx tsx bin/evaluate.ts --architecture "${GENOTYPE}" --space 'my space.json' --dataset image-folder --data images --image-size 64`,
    `npx tsx bin/export.ts --architecture "${GENOTYPE}" --space 'my space.json' --describe`
  ])
  assert.is(
    nextCommands("0", settings({ space: "s4", imageSize: 12 }))[0],
    "npx tsx bin/evaluate.ts --architecture 0 --space s4 --dataset mnist"
  )
})

test.run()
