import type { PageAnswer } from '../platform/contract/page.ts'

/** The API's own JSON for programs, or text for people. */
export function show(value: unknown, options: { json?: boolean | undefined }, text: () => string): void {
  process.stdout.write(`${options.json === true ? JSON.stringify(value, null, 2) : text()}\n`)
}

/** How much of a list is shown, and how to see more. `cursor`: what the page was asked for with. */
export function pageLine(shown: number, page: PageAnswer, cursor?: string): string {
  const total = page.total_is_estimate ? `about ${page.total}` : String(page.total)
  const older = page.next_cursor === null ? '' : `\nOlder ones: --cursor ${page.next_cursor}`
  if (cursor !== undefined) return `${shown} more of ${total}${older}`
  if (shown === page.total) return `${total} in all`
  if (shown === 0) return `Nothing after the first ${page.offset}; ${total} in all`
  const from = page.offset + 1
  return `${from} to ${page.offset + shown} of ${total}: see others with --offset and --limit${older}`
}
