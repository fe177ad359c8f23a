/** Reading the outbox: every message to a person, sent or not. */
import type { Channel, Notification } from '../contract/notification.ts'
import { instantText } from '../postgres/instant-text.ts'
import type { ListLimits, Page, PageOf } from '../postgres/page.ts'
import type { Sql } from '../postgres/sql.ts'
import { type ListedTable, listTable } from '../postgres/table-list.ts'

interface NotificationRow
  extends Omit<Notification, 'notification_id' | 'flow_run_id' | 'created_at' | 'not_before' | 'sent_at'> {
  id: string
  run_id: string | null
  created_at: Date
  not_before: Date | null
  sent_at: Date | null
}

const NOTIFICATIONS: ListedTable = {
  name: 'prefect.notifications',
  columns: `t.id, t.channel, t.recipient, t.template, t.subject_key, t.language, t.subject_line, t.body, t.status,
    t.provider_id, t.attempts, t.last_error, t.run_id, t.subjects, t.created_at, t.not_before, t.sent_at`,
  at: 't.created_at',
  kind: 'notification',
}

/** What is not given does not matter. Of a filter with several values any one may hold. */
export interface NotificationFilter {
  statuses?: readonly Notification['status'][] | undefined
  templates?: readonly string[] | undefined
  channels?: readonly Channel[] | undefined
  subject?: string | undefined
  /** The beginning of an id or of a subject. */
  search?: string | undefined
}

/** One page of messages, newest first, and how many there are in all. Throws BadCursor. */
export async function listNotifications(
  sql: Sql,
  filter: NotificationFilter,
  page: Page,
  limits: ListLimits = {},
): Promise<Omit<PageOf<never>, 'rows'> & { notifications: Notification[] }> {
  const { statuses, templates, channels, subject, search } = filter
  const columns = [
    { column: 't.template', values: templates },
    { column: 't.status', values: statuses },
    { column: 't.channel', values: channels },
  ]
  const asked = { subject, search, columns }
  const { rows, ...rest } = await listTable<NotificationRow>(sql, NOTIFICATIONS, asked, filter, page, limits)
  return { notifications: rows.map(notificationOf), ...rest }
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
