import { suite } from "uvu"
import * as assert from "uvu/assert"
import { flagged, usageProblem } from "../../../src/adapters/terminal/run_command.ts"
import { TrainingDiverged } from "../../../src/domain/training/training_diverged.ts"

const NAMES = ["--samples", "--sample-size", "--json", "--seed"]
const unknown = (argument: string) => `Received unknown argument: '${argument}'`
const problem = (argument: string, ...args: ReadonlyArray<string>) => usageProblem(unknown(argument), NAMES, args)

const test = suite("usageProblem()")

test("an unknown option, with those that begin like it or differ in two letters at most", () => {
  assert.match(problem("--nonsense", "--nonsense"), "there is no --nonsense; --help")
  assert.match(problem("--sample", "--sample", "3"), "there is no --sample, did you mean --samples or --sample-size?")
  assert.match(problem("--seeds", "--seeds", "3"), "there is no --seeds, did you mean --seed?")
  assert.match(problem("--smaples", "--smaples", "3"), "there is no --smaples, did you mean --samples?")
})

test("an option of earlier versions, with those that took its place", () => {
  const names = ["--read-none", "--neighbor-none", "--json"]
  for (const args of [["--none", "no"], ["--none=no"]])
    assert.match(usageProblem(unknown("--none"), names, args), "--none is now --read-none and --neighbor-none; --help")
  assert.match(problem("--none", "--none"), "there is no --none; --help")
})

test("an option that is given twice, in both forms, or has no value", () => {
  assert.match(problem("--seed", "--seed", "1", "--seed=2"), "--seed is given 2 times; --help")
  assert.match(problem("--samples", "--seed", "1", "--samples"), "--samples has no value; --help")
})

test("what belongs to no option, and all else as the library tells it", () => {
  assert.match(problem("extra", "extra"), '"extra" belongs to no option; --help')
  assert.match(usageProblem("Missing argument <space>", NAMES, []), "Missing argument <space>; --help")
})

test.run()

const flags = suite("flagged()")

flags("a message names the flags that the command has, and its config file for the rest", () => {
  const at = { epoch: 0, step: null, learningRate: 0.1, clip: 5 } as const
  const error = new TrainingDiverged({ ...at, what: "training loss" })
  const cure = (...names: ReadonlyArray<string>) => flagged(error, names).match(/give (.*):/)![1]
  assert.is(cure("--learning-rate", "--clip"), "a lower --learning-rate (it was 0.1) or a smaller --clip (it was 5)")
  const without = 'a lower --learning-rate (it was 0.1) or a smaller "clip" (--config FILE) (it was 5)'
  assert.is(cure("--learning-rate", "--config"), without)
  assert.is(cure(), 'a lower "learningRate" (it was 0.1) or a smaller "clip" (it was 5)')
})

flags("an error without settings stays as it is", () => {
  assert.is(flagged(new Error("Cannot read `clip`"), ["--clip"]), "Cannot read `clip`")
})

flags.run()
