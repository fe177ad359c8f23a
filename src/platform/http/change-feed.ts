/**
 * One poller per process behind all open streams: it asks the database once a second what changed, only while someone
 * listens, and notifies every listener of what it has not reported before.
 */
import { ENDED } from '../contract/run.ts'
import type { Logger } from '../observability/logger.ts'
import type { Sql } from '../postgres/sql.ts'
import { type Change, changesSince, databaseNow } from '../runs/changes.ts'

const POLL_MS = 1_000
/** A row's time is set before its transaction commits: look back this far for rows that came in late. */
const LOOK_BACK_MS = 10_000
/** A resumed stream gets at most this much of the past. */
const RESUME_MS = 3_600_000
const MOST_PER_POLL = 500
const MOST_REPORTED = 5_000
const MOST_WATCHED = 200

export type Listener = (changes: readonly Change[]) => void

export interface ChangeFeed {
  /** Resolves when nothing that changes from now on will be missed; returns how to stop listening. */
  listen(listener: Listener): Promise<() => void>
  /** What changed since a moment (epoch milliseconds), at most an hour back; some of it may be reported again. */
  since(at: number): Promise<Change[]>
  close(): void
}

/** Asks nothing until somebody listens. `pollMs`: milliseconds between two looks. */
export function createChangeFeed(sql: Sql, logger: Logger, pollMs = POLL_MS): ChangeFeed {
  const listeners = new Set<Listener>()
  /** What was reported of each run and event last, oldest first. */
  const reported = new Map<string, string>()
  /** Runs that may still change without a time of theirs changing: waiting, retrying, cancelling. */
  const open = new Set<string>()
  let lastPoll: number | undefined
  let timer: NodeJS.Timeout | undefined
  let priming: Promise<void> | undefined

  async function fresh(): Promise<Change[]> {
    const now = await databaseNow(sql)
    const since = (lastPoll ?? now) - LOOK_BACK_MS
    const watched = [...open].slice(-MOST_WATCHED)
    const changes = await changesSince(sql, since, MOST_PER_POLL, watched)
    lastPoll = now
    return changes.filter(isNews)
  }

  function isNews(change: Change): boolean {
    const known = `${change.kind}:${change.id}`
    const text = JSON.stringify(change.data)
    if (reported.get(known) === text) return false
    reported.delete(known)
    reported.set(known, text)
    if (change.kind === 'run') {
      open.delete(change.id)
      if (!ENDED.includes(change.data.status)) open.add(change.id)
    }
    forgetOldest(reported, MOST_REPORTED)
    forgetOldest(open, MOST_REPORTED)
    return true
  }

  async function poll(): Promise<void> {
    try {
      const changes = await fresh()
      if (changes.length > 0) for (const listener of [...listeners]) listener(changes)
    } catch (err) {
      // The database is away: the next poll looks back to where the last good one was.
      logger.warn({ err }, 'stream poll failed')
    }
    schedule()
  }

  function schedule(): void {
    timer = listeners.size === 0 ? undefined : setTimeout(() => void poll(), pollMs)
    timer?.unref()
    if (timer === undefined) lastPoll = undefined
  }

  return {
    async listen(listener) {
      // What is there already is not news; remember it before the first listener is promised anything.
      if (listeners.size === 0) priming ??= fresh().then(() => undefined)
      try {
        await priming
      } finally {
        priming = undefined
      }
      listeners.add(listener)
      if (timer === undefined) schedule()
      return () => {
        listeners.delete(listener)
      }
    },
    since: async (at) => {
      const from = Math.max(at - LOOK_BACK_MS, (await databaseNow(sql)) - RESUME_MS)
      return changesSince(sql, from, MOST_PER_POLL)
    },
    close() {
      clearTimeout(timer)
      listeners.clear()
    },
  }
}

function forgetOldest(kept: Map<string, unknown> | Set<string>, most: number): void {
  for (const key of kept.keys()) {
    if (kept.size <= most) return
    kept.delete(key)
  }
}
