/** The outbox: every message to a person has one row per (recipient, template, subject_key), sent or not. */
import { createHash } from 'node:crypto'
import type { Channel, Notification } from '../contract/notification.ts'
import { TryAgain } from '../engine/errors.ts'
import type { Database } from '../postgres/pool.ts'
import type { Sql } from '../postgres/sql.ts'
import { runIsOver } from '../runs/run-is-over.ts'
import { reopening } from './outbox.rules.ts'

export interface OutboxMessage {
  channel: Channel
  /** As the channel addresses people: a Slack id, an email address, a number, `whatsapp:` and a number. */
  recipient: string
  template: string
  /** What it is about, once: employee and shift. */
  subjectKey: string
  language: string
  body: string
  /** Of an email. */
  subjectLine?: string
  html?: string
  /** Held until then. */
  notBefore?: Date
  /** Nothing is configured to send it: kept at once as such. */
  sandbox?: boolean
  runId: string
  subjects: string[]
}

export interface OutboxRow {
  id: string
  channel: Channel
  recipient: string
  subject_line: string | null
  body: string
  html: string | null
  status: Notification['status']
  provider_id: string | null
  /** The run that sends it. */
  run_id: string | null
  /** When an attempt first began. Set before one: it may have been sent already. */
  sending_since: Date | null
}

const ROW = 'id, channel, recipient, subject_line, body, html, status, provider_id, run_id, sending_since'

/** The run that has the row will not send it any more. */
const RUN_IS_OVER = runIsOver('n.run_id')

/**
 * Opens the message's row, or finds the one that is there and makes of it what `reopening` says. Inside a transaction,
 * whose end lets the next run look. One round trip for a message that is new.
 */
export async function openMessage(sql: Sql, message: OutboxMessage): Promise<OutboxRow> {
  return (await insertMessage(sql, message)) ?? reopenMessage(sql, message)
}

/** The same in a transaction of its own, which only a message that is there already needs. */
export async function openMessageByItself(
  database: Pick<Database, 'query' | 'transaction'>,
  message: OutboxMessage,
): Promise<OutboxRow> {
  return (
    (await insertMessage(database, message)) ?? database.transaction((sql) => reopenMessage(sql, message))
  )
}

/** SQL: indexes the subjects of the row that `from` has. */
const indexed = (from: string, subjects: string) => `
  insert into prefect.subject_index (subject, kind, id)
  select subject, 'notification', ${from}.id from ${from}, unnest(${subjects}::text[]) as subject
  on conflict do nothing`

/** Undefined: the row is there already. */
async function insertMessage(sql: Sql, message: OutboxMessage): Promise<OutboxRow | undefined> {
  const { recipient, template, subjectKey } = message
  const [row] = await sql.query<OutboxRow>(
    `with message as (
       insert into prefect.notifications
         (id, channel, recipient, template, subject_key, language, body, subject_line, html, not_before,
          status, run_id, subjects)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::text[])
       on conflict (recipient, template, subject_key) do nothing
       returning ${ROW}
     ), indexed as (${indexed('message', '$13')})
     select ${ROW} from message`,
    [
      messageId(recipient, template, subjectKey),
      message.channel,
      recipient,
      template,
      subjectKey,
      message.language,
      message.body,
      message.subjectLine ?? null,
      message.html ?? null,
      message.notBefore ?? null,
      statusOf(message),
      message.runId,
      message.subjects,
    ],
  )
  return row
}

const statusOf = ({ notBefore, sandbox }: OutboxMessage) =>
  notBefore ? 'held' : sandbox ? 'sandbox' : 'pending'

/** Locks the row, decides, updates. */
async function reopenMessage(sql: Sql, message: OutboxMessage): Promise<OutboxRow> {
  const { run_is_over: runIsOver, ...row } = await lockMessage(sql, message)
  const known = { status: row.status, runId: row.run_id, runIsOver }
  switch (reopening(known, message.runId)) {
    case 'leave':
      return row
    case 'renew':
      return updateMessage(sql, row.id, message)
    case 'take_over':
      return updateMessage(sql, row.id, message, {
        channel: message.channel,
        language: message.language,
        body: message.body,
        subject_line: message.subjectLine ?? null,
        html: message.html ?? null,
        run_id: message.runId,
      })
  }
}

/** And indexes what it is about for this run, too. */
async function lockMessage(
  sql: Sql,
  { recipient, template, subjectKey, subjects }: OutboxMessage,
): Promise<OutboxRow & { run_is_over: boolean }> {
  const [row] = await sql.query<OutboxRow & { run_is_over: boolean }>(
    `with message as (
       select ${ROW}, ${RUN_IS_OVER} as run_is_over from prefect.notifications n
       where recipient = $1 and template = $2 and subject_key = $3
       for update of n
     ), indexed as (${indexed('message', '$4')})
     select ${ROW}, run_is_over from message`,
    [recipient, template, subjectKey, subjects],
  )
  // It was there a moment ago: erased since.
  if (!row) throw new TryAgain('message_gone', 'The message went from the outbox while it was looked at.', 0)
  return row
}

/** `text`: what else of the row changes, by column. */
async function updateMessage(
  sql: Sql,
  id: string,
  message: OutboxMessage,
  text: Record<string, string | null> = {},
): Promise<OutboxRow> {
  const sets = Object.keys(text).map((column, i) => `, ${column} = $${i + 4}`)
  const [row] = await sql.query<OutboxRow>(
    `update prefect.notifications set status = $2, not_before = coalesce($3, not_before)${sets.join('')}
     where id = $1 returning ${ROW}`,
    [id, statusOf(message), message.notBefore ?? null, ...Object.values(text)],
  )
  return row as OutboxRow
}

function messageId(...key: string[]): string {
  return `ntf_${createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 24)}`
}

export async function readMessage(sql: Sql, id: string): Promise<OutboxRow | undefined> {
  const [row] = await sql.query<OutboxRow>(`select ${ROW} from prefect.notifications where id = $1`, [id])
  return row
}

/** Whether one of `subjects` has been notified, through whatever channel, or another run that goes on is about to. */
export async function isNotified(
  sql: Sql,
  message: { template: string; subjectKey: string; subjects: string[]; runId: string },
): Promise<boolean> {
  const [answer] = await sql.query<{ notified: boolean }>(
    `select exists (
       select from prefect.notifications n
       where n.template = $1 and n.subject_key = $2 and n.subjects && $3::text[]
         and (n.status in ('sent', 'sandbox')
              or (n.status in ('pending', 'held') and n.run_id is distinct from $4 and not ${RUN_IS_OVER}))
     ) as notified`,
    [message.template, message.subjectKey, message.subjects, message.runId],
  )
  return answer?.notified === true
}

/** Another text for a message that no attempt was made to send yet; false: it is too late for that. */
export async function rewriteMessage(
  sql: Sql,
  message: { id: string; runId: string; subjectLine: string; body: string; html: string },
): Promise<boolean> {
  const rows = await sql.query(
    `update prefect.notifications set subject_line = $3, body = $4, html = $5
     where id = $1 and run_id = $2 and status = 'pending' and sending_since is null returning id`,
    [message.id, message.runId, message.subjectLine, message.body, message.html],
  )
  return rows.length > 0
}

/** An attempt begins: from here on it may have been sent. */
export async function markSending(sql: Sql, id: string): Promise<void> {
  await sql.query(
    `update prefect.notifications set sending_since = coalesce(sending_since, clock_timestamp()) where id = $1`,
    [id],
  )
}

/** The provider has it, under its own id. */
export async function markSent(sql: Sql, id: string, providerId: string): Promise<void> {
  await sql.query(
    `update prefect.notifications
     set status = 'sent', provider_id = $2, attempts = attempts + 1, last_error = null, sent_at = clock_timestamp()
     where id = $1`,
    [id, providerId],
  )
}

/** Nothing is configured to send it: kept, and never sent later. */
export async function markSandbox(sql: Sql, id: string): Promise<void> {
  await sql.query(`update prefect.notifications set status = 'sandbox' where id = $1`, [id])
}

/** An attempt failed. `final`: nobody tries again by himself. */
export async function markAttemptFailed(sql: Sql, id: string, error: string, final: boolean): Promise<void> {
  await sql.query(
    `update prefect.notifications
     set status = case when $3 then 'failed' else 'pending' end, attempts = attempts + 1, last_error = $2
     where id = $1`,
    [id, error, final],
  )
}

/** What this run has opened and not sent will not be sent, but for `keep`. Returns the channels of what was dropped. */
export async function dropMessages(
  sql: Sql,
  message: { template: string; subjectKey: string; runId: string; keep?: string },
  reason: string,
): Promise<Channel[]> {
  const rows = await sql.query<{ channel: Channel }>(
    `update prefect.notifications set status = 'dropped', last_error = $4
     where template = $1 and subject_key = $2 and run_id = $3 and status in ('pending', 'held')
       and id is distinct from $5
     returning channel`,
    [message.template, message.subjectKey, message.runId, reason, message.keep ?? null],
  )
  return rows.map(({ channel }) => channel)
}
