import { storable, storableJson } from '../../contract/unstorable-text.ts'
import type { Logger } from '../../observability/logger.ts'
import type { Sql } from '../../postgres/sql.ts'
import type { LogLine } from '../journal.ts'

const FLUSH_MS = 250
const FLUSH_LINES = 200
/** With the database away, older lines are dropped rather than memory filled. */
const KEEP_LINES = 20_000

const INSERT = `
  insert into prefect.run_logs (run_id, key, at, level, message, task_name, fields)
  select run_id, key, to_timestamp(at / 1000.0), level, message, task_name, fields
  from jsonb_to_recordset($1::jsonb)
    as x(run_id text, key text, at double precision, level text, message text, task_name text, fields jsonb)
  on conflict do nothing`

/** Run logs, written in batches: a line is a courtesy to a reader, never worth a commit of its own. */
export class RunLogWriter {
  readonly #sql: Sql
  readonly #logger: Logger
  #lines: ({ run_id: string } & Record<string, unknown>)[] = []
  #timer: NodeJS.Timeout | undefined
  #flushing: Promise<void> = Promise.resolve()

  constructor(sql: Sql, logger: Logger) {
    this.#sql = sql
    this.#logger = logger
  }

  write(runId: string, line: LogLine): void {
    const { key, at, level, taskName, fields } = line
    // A line must never fail its batch: PostgreSQL stores no NUL and no half of a surrogate pair.
    const message = storable(line.message.slice(0, 4000))
    this.#lines.push({
      run_id: runId,
      key,
      at,
      level,
      message,
      task_name: taskName ?? null,
      fields: fields ? JSON.parse(storableJson(fields)) : null,
    })
    if (this.#lines.length > KEEP_LINES) this.#lines.splice(0, this.#lines.length - KEEP_LINES)
    if (this.#lines.length >= FLUSH_LINES) void this.flush()
    else this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS)
  }

  /** Resolves when what was written so far is in the database, or could not be. */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#flushing = this.#flushing.then(() => this.#flushNow())
    return this.#flushing
  }

  async #flushNow(): Promise<void> {
    const lines = this.#lines
    if (lines.length === 0) return
    this.#lines = []
    try {
      await this.#sql.query(INSERT, [JSON.stringify(lines)])
    } catch (error) {
      this.#logger.warn({ err: error, lines: lines.length }, 'run logs could not be written')
    }
  }
}
