import type { Notification } from '../contract/notification.ts'
import type { NotifiesAgain } from '../contract/retry.ts'
import type { Sql } from '../postgres/sql.ts'

const MOST = 1_000

/** What these runs said, and what the outbox does when they say it again; oldest first, the first 1000. */
export async function notificationsOfRuns(sql: Sql, runIds: readonly string[]): Promise<NotifiesAgain[]> {
  if (runIds.length === 0) return []
  const rows = await sql.query<{
    id: string
    channel: string
    recipient: string
    template: string
    status: Notification['status']
    begun: boolean
  }>(
    `select id, channel, recipient, template, status, sending_since is not null as begun
     from prefect.notifications where run_id = any($1) order by created_at, id limit ${MOST}`,
    [runIds],
  )
  return rows.map(({ id, begun, ...row }) => {
    const sentOnce = row.status === 'sent' || row.status === 'sandbox'
    return { notification_id: id, ...row, sent_once: sentOnce, in_doubt: begun && !sentOnce }
  })
}
