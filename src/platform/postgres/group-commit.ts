/** Group commit: what arrives while a commit is under way shares the next one. Nothing waits for a timer. */

export interface GroupCommitOptions<Item> {
  /** Items in a batch, at most. */
  most: number
  /** Batches under way at the same time, at most: one is written while another is gathered. */
  atOnce: number
  /** Writes a batch, in order of arrival and never empty, and tells each item its end by itself. Must not reject. */
  settle: (batch: Item[]) => Promise<void>
}

/** Returns how to add an item. Those added in one turn of the event loop go together. */
export function createGroupCommit<Item>({
  most,
  atOnce,
  settle,
}: GroupCommitOptions<Item>): (item: Item) => void {
  const waiting: Item[] = []
  let underway = 0

  async function flush(): Promise<void> {
    if (underway >= atOnce || waiting.length === 0) return
    underway += 1
    try {
      await settle(waiting.splice(0, most))
    } finally {
      underway -= 1
      void flush()
    }
  }

  return (item) => {
    waiting.push(item)
    // In the next turn: what was read from its sockets together goes together.
    if (underway < atOnce) setImmediate(() => void flush())
  }
}
