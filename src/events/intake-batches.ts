/**
 * Group commit for events: those that arrive while a commit is under way share the next one. No event waits for a
 * timer; each is answered after its own commit.
 */
import { type AcceptedEvent, EventRefused } from '../contract/intake.ts'
import { findEvents, insertEvents, type NewEvent } from '../db/event-writes.ts'
import { isOutage } from '../db/outage.ts'
import type { Sql } from '../db/sql.ts'
import type { StartRequest } from '../engine/engine.ts'

const MOST_IN_A_BATCH = 100
const COMMITS_AT_ONCE = 2

export interface NewEventWithRuns {
  row: NewEvent
  requests: StartRequest[]
}

export interface BatchPorts {
  transaction: <T>(run: (sql: Sql) => Promise<T>) => Promise<T>
  /** The engine's: inserts the runs within the same transaction. */
  startRuns: (sql: Sql, requests: readonly StartRequest[]) => Promise<unknown>
  /** After the commit: there is work. */
  wake: (requests: readonly StartRequest[]) => void
}

interface Waiting extends NewEventWithRuns {
  resolve: (accepted: AcceptedEvent) => void
  reject: (error: unknown) => void
}

export interface IntakeBatches {
  /** Resolves when the event and its runs are on disk, or the first event under its id is found there. */
  add(event: NewEventWithRuns): Promise<AcceptedEvent>
}

export function createIntakeBatches(ports: BatchPorts): IntakeBatches {
  const waiting: Waiting[] = []
  let underway = 0

  async function flush(): Promise<void> {
    if (underway >= COMMITS_AT_ONCE || waiting.length === 0) return
    underway += 1
    const batch = waiting.splice(0, MOST_IN_A_BATCH)
    await settle(batch)
    underway -= 1
    void flush()
  }

  /** An event that the database refuses must not take its neighbours along: then each is tried alone. */
  async function settle(batch: Waiting[]): Promise<void> {
    try {
      await commit(batch)
    } catch (error) {
      if (batch.length === 1 || isOutage(error)) for (const { reject } of batch) reject(error)
      else for (const event of batch) await settle([event])
    }
  }

  async function commit(batch: Waiting[]): Promise<void> {
    const first = new Map(batch.toReversed().map((event) => [event.row.id, event]))
    const events = [...first.values()]
    const { added, known } = await ports.transaction(async (sql) => {
      const added = await insertEvents(
        sql,
        events.map(({ row }) => row),
      )
      const fresh = events.filter(({ row }) => added.has(row.id))
      await ports.startRuns(
        sql,
        fresh.flatMap(({ requests }) => requests),
      )
      const old = events.filter(({ row }) => !added.has(row.id)).map(({ row }) => row.id)
      return { added, known: old.length > 0 ? await findEvents(sql, old) : new Map() }
    })
    ports.wake(events.filter(({ row }) => added.has(row.id)).flatMap(({ requests }) => requests))
    for (const event of batch) {
      const isNew = first.get(event.row.id) === event && added.has(event.row.id)
      answer(event, isNew ? undefined : (known.get(event.row.id) ?? first.get(event.row.id)?.row))
    }
  }

  return {
    add: (event) =>
      new Promise((resolve, reject) => {
        waiting.push({ ...event, resolve, reject })
        // In the next turn: requests that were read from their sockets together go together.
        if (underway < COMMITS_AT_ONCE) setImmediate(() => void flush())
      }),
  }
}

function answer(
  { row, resolve, reject }: Waiting,
  earlier: Pick<NewEvent, 'runs' | 'body_hash'> | undefined,
): void {
  if (!earlier) {
    resolve({ eventId: row.id, runs: row.runs, replayed: false })
    return
  }
  if (earlier.body_hash === row.body_hash) {
    resolve({ eventId: row.id, runs: earlier.runs, replayed: true })
    return
  }
  reject(
    new EventRefused(
      'idempotency_conflict',
      `The key "${row.sender_key}" was used before with another body. Send a changed event under a new key.`,
    ),
  )
}
