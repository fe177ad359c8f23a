interface Paged {
  next_cursor: string | null
}

/** Every page of a list, read by its cursors to the end. */
export async function pagesOf<Page extends Paged>(
  list: (page: { limit: number; offset: number; cursor?: string }) => Promise<Page>,
  limit: number,
): Promise<Page[]> {
  const pages = [await list({ limit, offset: 0 })]
  for (let cursor = pages[0]?.next_cursor; cursor; cursor = pages.at(-1)?.next_cursor) {
    pages.push(await list({ limit, offset: 0, cursor }))
  }
  return pages
}
