/** The three characters that start Slack's links, mentions and entities: a text must not page the whole channel. */
export function escapeForSlack(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** A text of somebody else as a quotation, each line marked. */
export function quotedForSlack(value: string): string {
  return value
    .split(/\r?\n/)
    .map((line) => `> ${escapeForSlack(line)}`)
    .join('\n')
}
