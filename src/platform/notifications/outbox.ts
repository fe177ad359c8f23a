/** The outbox: every message to a person has one row per (recipient, template, subject_key), sent or not. */
import { createHash } from 'node:crypto'
import type { Channel, Notification } from '../contract/notification.ts'
import type { Sql } from '../postgres/sql.ts'
import { runIsOver } from '../runs/run-is-over.ts'

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

/** The run that had the row will not send it any more. */
const RUN_IS_OVER = runIsOver('n.run_id')
/** A message that went nowhere, or whose run is gone, is the asking run's. */
const TAKEN_OVER = `(n.status in ('failed', 'dropped')
  or (n.status in ('pending', 'held') and n.run_id is distinct from excluded.run_id and ${RUN_IS_OVER}))`
const OWN = `(n.status in ('pending', 'held') and n.run_id = excluded.run_id)`

/**
 * Opens the message's row, or finds the one that is there. One that failed, was dropped or whose run has ended is taken
 * over by this run; any other keeps its run, so that of two runs at once only one sends. Asked again by its own run, the
 * row keeps its text and takes the new `notBefore`. Indexes the subjects. One statement.
 */
export async function openMessage(sql: Sql, message: OutboxMessage): Promise<OutboxRow> {
  const { recipient, template, subjectKey } = message
  const taken = (column: string) =>
    `${column} = case when ${TAKEN_OVER} then excluded.${column} else n.${column} end`
  const [row] = await sql.query<OutboxRow>(
    `with message as (
       insert into prefect.notifications as n
         (id, channel, recipient, template, subject_key, language, body, subject_line, html, not_before,
          status, run_id, subjects)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::timestamptz,
               case when $10::timestamptz is null then 'pending' else 'held' end, $11, $12::text[])
       on conflict (recipient, template, subject_key) do update set
         ${['channel', 'language', 'body', 'subject_line', 'html', 'run_id'].map(taken).join(', ')},
         not_before = case when ${TAKEN_OVER} or ${OWN} then coalesce(excluded.not_before, n.not_before)
                      else n.not_before end,
         status = case when ${TAKEN_OVER} or ${OWN} then excluded.status else n.status end
       returning ${ROW}
     ), indexed as (
       insert into prefect.subject_index (subject, kind, id)
       select subject, 'notification', message.id from message, unnest($12::text[]) as subject
       on conflict do nothing
     )
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
      message.runId,
      message.subjects,
    ],
  )
  if (!row) throw new Error('the outbox did not return its row')
  return row
}

function messageId(...key: string[]): string {
  return `ntf_${createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 24)}`
}

export async function readMessage(sql: Sql, id: string): Promise<OutboxRow | undefined> {
  const [row] = await sql.query<OutboxRow>(`select ${ROW} from prefect.notifications where id = $1`, [id])
  return row
}

/** Whether one of `subjects` has been told, through whatever channel, or another run that goes on is about to. */
export async function isTold(
  sql: Sql,
  message: { template: string; subjectKey: string; subjects: string[]; runId: string },
): Promise<boolean> {
  const [answer] = await sql.query<{ told: boolean }>(
    `select exists (
       select from prefect.notifications n
       where n.template = $1 and n.subject_key = $2 and n.subjects && $3::text[]
         and (n.status in ('sent', 'sandbox')
              or (n.status in ('pending', 'held') and n.run_id is distinct from $4 and not ${RUN_IS_OVER}))
     ) as told`,
    [message.template, message.subjectKey, message.subjects, message.runId],
  )
  return answer?.told === true
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

/** What this run has opened and not sent will not be sent, but for `keep`. Answers the channels of what was dropped. */
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
