/** Texts of others, as people are shown them. */

/** Without the marks that turn the direction of what follows: `U+202E` makes a text read backwards. */
export function withoutTurns(text: string): string {
  return text.replace(/\p{Bidi_Control}/gu, '')
}

/** On one line: white space and control characters, a line break among them, become a single space. */
export function onOneLine(text: string): string {
  return withoutTurns(text)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
}
