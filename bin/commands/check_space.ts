import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { loadSpace } from "../../src/adapters/space/file.ts"
import { field, grouped } from "../../src/domain/setting/field.ts"
import { whole, yesNo } from "../../src/domain/setting/kind.ts"
import { checkSpace, InvariantError, spaceText } from "../../src/report/check_report.ts"
import { runnable } from "./_command.ts"
import { shownOptions } from "./_run_options.ts"

const options = {
  ...grouped("Check", {
    radius: field(whole(1), 1, "largest distance of a neighbor"),
    runs: field(whole(1), 200, "random cases per invariant"),
    moveInputs: field(yesNo, false, "let neighbors differ in an input too")
  }),
  json: shownOptions.json
}

export const { main, within } = runnable({
  name: "check_space",
  summary: "Check a space and test the invariants of its neighborhoods on random architectures.",
  about: "Exits with 1 where an invariant fails or the space is faulty.",
  examples: ["check_space my-space.json", "check_space darts --radius 2 --runs 500"],
  words: { space: "a JSON file, or the name of a space that comes with the library" },
  settings: {},
  options,
  run: Effect.fn("checkSpace")(function* ({ words: [name = ""], options: { radius, runs, moveInputs, json } }) {
    const space = yield* loadSpace(name)
    const report = checkSpace(space, { radius, runs, moveInputs })
    yield* Console.log(json ? JSON.stringify(report) : spaceText(report))
    if (report.failed > 0) return yield* new InvariantError({ space: space.name, failed: report.failed })
  })
})
