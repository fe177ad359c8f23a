import pg from 'pg'
import type { Logger } from '../../observability/logger.ts'
import type { Sql } from '../../postgres/sql.ts'
import { pause } from '../pause.ts'
import { WAKE_CHANNEL } from './identity.ts'

/**
 * A connection that only listens. What it misses while it is away is found by polling: a wake-up saves time, nothing
 * depends on it. After a reconnect everything is woken once.
 */
export class WakeUps {
  readonly #url: string
  readonly #logger: Logger
  readonly #onWake: (topic: string) => void
  readonly #stop = new AbortController()
  #client: pg.Client | undefined

  constructor(url: string, logger: Logger, onWake: (topic: string) => void) {
    this.#url = url
    this.#logger = logger
    this.#onWake = onWake
    void this.#listen()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#client?.end().catch(() => {})
  }

  async #listen(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const client = new pg.Client({
        connectionString: this.#url,
        application_name: 'prefect-service wake-ups',
      })
      const ended = new Promise<void>((resolve) => {
        client.on('error', () => resolve())
        client.on('end', () => resolve())
      })
      client.on('notification', ({ payload }) => payload && this.#onWake(payload))
      this.#client = client
      try {
        await client.connect()
        await client.query(`listen ${WAKE_CHANNEL}`)
        this.#onWake('queue:*')
        await ended
      } catch (error) {
        this.#logger.debug({ err: error }, 'listening failed')
      }
      await client.end().catch(() => {})
      await pause(1_000, this.#stop.signal)
    }
  }
}

/** Notifies the workers of other processes that a queue has new runs; those that miss it poll. */
export function notifyWorkers(sql: Sql, queue: string): void {
  sql.query('select pg_notify($1, $2)', [WAKE_CHANNEL, `queue:${queue}`]).catch(() => {})
}
