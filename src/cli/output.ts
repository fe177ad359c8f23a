/** The API's own JSON for programs, or text for people. */
export function show(value: unknown, options: { json?: boolean | undefined }, text: () => string): void {
  process.stdout.write(`${options.json === true ? JSON.stringify(value, null, 2) : text()}\n`)
}

/** How much of a list is shown, and how to see more. */
export function pageLine(shown: number, page: { total: number; offset: number }): string {
  if (shown === page.total) return `${page.total} in all`
  if (shown === 0) return `Nothing after the first ${page.offset}; ${page.total} in all`
  return `${page.offset + 1} to ${page.offset + shown} of ${page.total}: see others with --offset and --limit`
}
