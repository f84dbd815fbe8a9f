/** A word of a POSIX shell's command line. */
export function quoted(word: string): string {
  if (/^[\w./:@%+=-]+$/.test(word)) return word
  return word.includes("'") ? `"${word.replaceAll(/["$`\\]/g, "\\$&")}"` : `'${word}'`
}
