/** Reading the outbox: every message to a person, sent or not. */
import type { Notification } from '../contract/notification.ts'
import { conditions } from './conditions.ts'
import { instantText } from './instant-text.ts'
import type { Sql } from './sql.ts'

interface NotificationRow
  extends Omit<Notification, 'notification_id' | 'flow_run_id' | 'created_at' | 'sent_at'> {
  id: string
  run_id: string | null
  created_at: Date
  sent_at: Date | null
}

const COLUMNS = `n.id, n.channel, n.recipient, n.template, n.subject_key, n.language, n.body, n.status, n.provider_id,
  n.attempts, n.last_error, n.run_id, n.subjects, n.created_at, n.sent_at`

/** One page of messages, newest first, and how many there are in all. */
export async function listNotifications(
  sql: Sql,
  filter: { status?: Notification['status'] | undefined; subject?: string | undefined },
  page: { limit: number; offset: number },
): Promise<{ notifications: Notification[]; total: number }> {
  const clause = conditions()
  if (filter.status !== undefined) clause.add('n.status = ?', filter.status)
  if (filter.subject !== undefined) {
    clause.add(
      "n.id in (select i.id from prefect.subject_index i where i.subject = ? and i.kind = 'notification')",
      filter.subject,
    )
  }
  const where = clause.where()
  const [count] = await sql.query<{ total: number }>(
    `select count(*)::float8 as total from prefect.notifications n ${where}`,
    [...clause.values],
  )
  const total = count?.total ?? 0
  if (page.offset >= total) return { notifications: [], total }
  const tail = `order by n.created_at desc, n.id limit ${clause.bind(page.limit)} offset ${clause.bind(page.offset)}`
  const rows = await sql.query<NotificationRow>(
    `select ${COLUMNS} from prefect.notifications n ${where} ${tail}`,
    clause.values,
  )
  return { notifications: rows.map(notificationOf), total }
}

function notificationOf({ id, run_id, created_at, sent_at, ...row }: NotificationRow): Notification {
  return {
    ...row,
    notification_id: id,
    flow_run_id: run_id,
    created_at: instantText(created_at),
    sent_at: instantText(sent_at),
  }
}
