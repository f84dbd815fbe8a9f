/** A word as a shell takes it: as it is, in single quotes, or in double ones where it has single ones. */
export function quoted(text: string): string {
  if (/^[\w./-]+$/.test(text)) return text
  return text.includes("'") ? `"${text}"` : `'${text}'`
}
