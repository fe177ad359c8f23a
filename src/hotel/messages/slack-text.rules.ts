/** Texts of somebody else within ours: they neither page a channel nor look like a line of our own. */
import { onOneLine } from '../plain-text.ts'

const LOOKS_LIKE: Record<string, string> = { '*': '∗', '~': '∼', '`': 'ˋ', _: 'ˍ' }

/**
 * On one line. `&`, `<` and `>` start Slack's links, mentions and entities and are escaped; for the marks of bold, struck
 * out and code Slack knows no escape, so they become what looks like them. `_` only at the edge of a word: ids have it.
 */
export function escapeForSlack(value: string): string {
  return onOneLine(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[*~`]|(?<![\p{L}\p{N}_])_|_(?![\p{L}\p{N}_])/gu, (mark) => LOOKS_LIKE[mark] ?? mark)
}

/** As a quotation, each line marked. */
export function quotedForSlack(value: string): string {
  return value
    .split(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/)
    .map((line) => `> ${escapeForSlack(line)}`)
    .join('\n')
}
