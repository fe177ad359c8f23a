/** The outbox: every message to a person has one row per (recipient, template, subject_key), sent or not. */
import { createHash } from 'node:crypto'
import type { Sql } from './sql.ts'

export interface OutboxMessage {
  channel: 'slack'
  recipient: string
  template: string
  /** What it is about, once: employee and shift. */
  subjectKey: string
  language: string
  body: string
  runId: string
  subjects: string[]
}

export interface OutboxRow {
  id: string
  status: 'pending' | 'sent' | 'sandbox' | 'failed'
  /** The run that sends it. */
  run_id: string | null
}

/**
 * Opens the message's row, or finds the one that is there. A failed one is taken over by this run; any other keeps
 * its run, so that of two runs at once only one sends. Indexes the subjects. One statement.
 */
export async function openMessage(sql: Sql, message: OutboxMessage): Promise<OutboxRow> {
  const { recipient, template, subjectKey } = message
  const [row] = await sql.query<OutboxRow>(
    `with message as (
       insert into prefect.notifications as n
         (id, channel, recipient, template, subject_key, language, body, status, run_id, subjects)
       values ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9::text[])
       on conflict (recipient, template, subject_key) do update set
         run_id = case when n.status = 'failed' then excluded.run_id else n.run_id end,
         body = case when n.status = 'failed' then excluded.body else n.body end,
         status = case when n.status = 'failed' then 'pending' else n.status end
       returning n.id, n.status, n.run_id
     ), indexed as (
       insert into prefect.subject_index (subject, kind, id)
       select subject, 'notification', message.id from message, unnest($9::text[]) as subject
       on conflict do nothing
     )
     select id, status, run_id from message`,
    [
      messageId(recipient, template, subjectKey),
      message.channel,
      recipient,
      template,
      subjectKey,
      message.language,
      message.body,
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
