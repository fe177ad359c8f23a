/** Texts as people are shown them, those of others above all. */

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

/** A duration as English writes it: `1 minute`, `12 minutes`. Vietnamese has one form, `phút`. */
export function inMinutes(count: number): string {
  return `${count} ${count === 1 ? 'minute' : 'minutes'}`
}
