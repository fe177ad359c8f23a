import type { Notification } from '../contract/notification.ts'
import type { NotifiesAgain } from '../contract/retry.ts'
import type { Sql } from '../postgres/sql.ts'

const MOST = 1_000

/**
 * What these runs said, and what becomes of it when they say it again; oldest first, the first 1000. `anew`: what they
 * say may be about something new, which the outbox cannot know for the same.
 */
export async function notificationsOfRuns(
  sql: Sql,
  speakers: readonly { runId: string; anew: boolean }[],
): Promise<NotifiesAgain[]> {
  if (speakers.length === 0) return []
  const anew = new Map(speakers.map((speaker) => [speaker.runId, speaker.anew]))
  const rows = await sql.query<{
    id: string
    run_id: string
    channel: string
    recipient: string
    template: string
    status: Notification['status']
    begun: boolean
  }>(
    `select id, run_id, channel, recipient, template, status, sending_since is not null as begun
     from prefect.notifications where run_id = any($1) order by created_at, id limit ${MOST}`,
    [[...anew.keys()]],
  )
  return rows.map(({ id, run_id, begun, ...row }) => {
    const sent = row.status === 'sent' || row.status === 'sandbox'
    return {
      notification_id: id,
      ...row,
      sent_once: sent && anew.get(run_id) !== true,
      in_doubt: begun && !sent,
    }
  })
}
