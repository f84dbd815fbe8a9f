import type * as HelpDoc from "@effect/cli/HelpDoc"
import type * as Span from "@effect/cli/HelpDoc/Span"

/** What the CLI library says of the type of an option, which its form says already. */
const SAID_ALREADY =
  /^(A user-defined piece of text\.|A true or false value\.|An integer\.|A floating point number\.|One of the following: |This (setting|option) (is optional|may be repeated))/

/** Columns of the help at most, and before what an option means. */
const WIDTH = 100
const INDENT = 26

/** The help of a command as plain text: what it does, examples, then an entry of few lines for each option. */
export function helpText(name: string, doc: HelpDoc.HelpDoc, columns: number): string {
  const width = Math.min(columns, WIDTH)
  const named = flat(doc).flatMap((part) => (part._tag === "DescriptionList" ? part.definitions : []))
  const args = named.map(([option]) => textOf(option)).filter((option) => option.startsWith("<"))
  const parts = flat(doc).map((part) => {
    switch (part._tag) {
      case "Header":
        return `\n${textOf(part.value)}\n`
      case "Paragraph":
        return textOf(part.value).replace(/\n\n(?= {2})/g, "\n")
      case "DescriptionList":
        return part.definitions.map(([option, meaning]) => entry(textOf(option), meaning, width)).join("\n")
      default:
        return ""
    }
  })
  return `Usage: ${[name, ...args].join(" ")} [OPTIONS]\n${parts.join("\n")}`
}

function textOf(span: Span.Span): string {
  if (span._tag === "Sequence") return textOf(span.left) + textOf(span.right)
  return typeof span.value === "string" ? span.value : textOf(span.value)
}

/** The parts of a document, in order. */
function flat(doc: HelpDoc.HelpDoc): ReadonlyArray<HelpDoc.HelpDoc> {
  return doc._tag === "Sequence" ? [...flat(doc.left), ...flat(doc.right)] : [doc]
}

/** An option and what it means beside it, or below where its form is long. */
function entry(option: string, meaning: HelpDoc.HelpDoc, width: number): string {
  const told = flat(meaning).flatMap((part) => (part._tag === "Paragraph" ? [textOf(part.value)] : []))
  const words = told.filter((text) => !SAID_ALREADY.test(text)).join(" ")
  const head = `  ${option.replace(/^\((.*)\)$/, "$1")}`
  const lines = wrapped(words, Math.max(20, width - INDENT))
  const [first = "", ...rest] = lines
  const beside = head.length < INDENT - 1
  return [
    ...(beside ? [`${head.padEnd(INDENT)}${first}`.trimEnd()] : [head]),
    ...(beside ? rest : lines).map((line) => " ".repeat(INDENT) + line)
  ].join("\n")
}

/** A text in lines of a width, broken between words. */
function wrapped(text: string, width: number): ReadonlyArray<string> {
  const lines: Array<string> = []
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
