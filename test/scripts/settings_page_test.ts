import { readFileSync } from "node:fs"
import { suite } from "uvu"
import * as assert from "uvu/assert"
import { settingsPage } from "../../scripts/settings_page.ts"

const test = suite("settingsPage()")

test("docs/settings.md says what the fields say", () => {
  assert.is(readFileSync("docs/settings.md", "utf8"), `${settingsPage()}\n`)
})

test.run()
