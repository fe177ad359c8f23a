/** Reading the outbox: every message to a person, sent or not. */
import type { Notification, NotificationListQuery } from '../contract/notification.ts'
import { conditions } from '../postgres/conditions.ts'
import { instantText } from '../postgres/instant-text.ts'
import { type Page, readPage } from '../postgres/page.ts'
import type { Sql } from '../postgres/sql.ts'

interface NotificationRow
  extends Omit<Notification, 'notification_id' | 'flow_run_id' | 'created_at' | 'not_before' | 'sent_at'> {
  id: string
  run_id: string | null
  created_at: Date
  not_before: Date | null
  sent_at: Date | null
}

const COLUMNS = `n.id, n.channel, n.recipient, n.template, n.subject_key, n.language, n.subject_line, n.body, n.status,
  n.provider_id, n.attempts, n.last_error, n.run_id, n.subjects, n.created_at, n.not_before, n.sent_at`

/** One page of messages, newest first, and how many there are in all. */
export async function listNotifications(
  sql: Sql,
  filter: Omit<NotificationListQuery, keyof Page>,
  page: Page,
): Promise<{ notifications: Notification[]; total: number }> {
  const clause = conditions()
  if (filter.status !== undefined) clause.add('n.status = ?', filter.status)
  if (filter.template !== undefined) clause.add('n.template = ?', filter.template)
  if (filter.channel !== undefined) clause.add('n.channel = ?', filter.channel)
  if (filter.subject !== undefined) clause.about('n.id', 'notification', filter.subject)
  const { rows, total } = await readPage<NotificationRow>(
    sql,
    { columns: COLUMNS, from: 'prefect.notifications n', clause, order: 'n.created_at desc, n.id' },
    page,
  )
  return { notifications: rows.map(notificationOf), total }
}

function notificationOf({
  id,
  run_id,
  created_at,
  not_before,
  sent_at,
  ...row
}: NotificationRow): Notification {
  return {
    ...row,
    notification_id: id,
    flow_run_id: run_id,
    created_at: instantText(created_at),
    not_before: instantText(not_before),
    sent_at: instantText(sent_at),
  }
}
