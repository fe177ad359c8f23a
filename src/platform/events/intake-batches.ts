/** Group commit for events, with their runs: each is answered after the commit that it shares. */
import { type AcceptedEvent, EventRefused } from '../contract/intake.ts'
import type { StartRequest } from '../engine/engine.ts'
import { createGroupCommit } from '../postgres/group-commit.ts'
import { isOutage } from '../postgres/outage.ts'
import type { Sql } from '../postgres/sql.ts'
import { findEvents, insertEvents, type NewEvent } from './event-writes.ts'

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
  /**
   * Resolves when the event and its runs are on disk, or the first event under its id is found there.
   * Throws EventRefused (`idempotency_conflict`) when that one had another body; anything else: not accepted, try again.
   */
  add(event: NewEventWithRuns): Promise<AcceptedEvent>
}

/** Up to 100 events in a commit, two commits at the same time. */
export function createIntakeBatches(ports: BatchPorts): IntakeBatches {
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

  const add = createGroupCommit({ most: MOST_IN_A_BATCH, atOnce: COMMITS_AT_ONCE, settle })
  return { add: (event) => new Promise((resolve, reject) => add({ ...event, resolve, reject })) }
}

/** Inside a transaction of the caller's, who wakes the workers when it is committed. For events under ids of their own. */
export function batchesWithin(sql: Sql, startRuns: BatchPorts['startRuns']): IntakeBatches {
  return {
    async add({ row, requests }) {
      await insertEvents(sql, [row])
      await startRuns(sql, requests)
      return { eventId: row.id, runs: row.runs, replayed: false }
    },
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
