/** What one event or move orders of the day's cleaning: `prefect.housekeeping_tasks`, one unfinished per room and date. */
import type { Sql } from '../../platform/postgres/sql.ts'
import type { CleaningKind } from './cleaning-orders.rules.ts'

export interface CleaningOrder {
  roomNumber: string
  /** 'YYYY-MM-DD' */
  businessDate: string
  kind: CleaningKind
  minutes: number
  reason: string
  runId: string
}

/** `was`: the kind of the unfinished task that was there before; null: there was none. */
export interface OrderedCleaning {
  was: CleaningKind | null
}

export const UNFINISHED = `('open', 'assigned', 'in_progress')`
/** The more thorough cleaning includes the other: minutes say which one it is. */
const LARGER = 'excluded.minutes > t.minutes'

/** Opens the room's task of the day, or makes the unfinished one that is there the larger of the two. One statement. */
export async function upsertCleaning(sql: Sql, order: CleaningOrder): Promise<OrderedCleaning> {
  const [row] = await sql.query<OrderedCleaning>(
    `with before as (
       select kind from prefect.housekeeping_tasks
       where room_number = $1 and business_date = $2 and status in ${UNFINISHED}
     )
     insert into prefect.housekeeping_tasks as t (room_number, business_date, kind, minutes, reason, run_id)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (room_number, business_date) where status in ${UNFINISHED} do update set
       kind = case when ${LARGER} then excluded.kind else t.kind end,
       reason = case when ${LARGER} then excluded.reason else t.reason end,
       minutes = greatest(t.minutes, excluded.minutes)
     returning (select kind from before) as was`,
    [order.roomNumber, order.businessDate, order.kind, order.minutes, order.reason, order.runId],
  )
  if (!row) throw new Error('housekeeping_tasks did not return its row')
  return row
}

/** False: there was none, or it has begun. */
export async function cancelUnstarted(
  sql: Sql,
  { roomNumber, businessDate, reason }: { roomNumber: string; businessDate: string; reason: string },
): Promise<boolean> {
  const rows = await sql.query(
    `update prefect.housekeeping_tasks
     set status = 'cancelled', reason = $3, assigned_to = null, position = null, finished_at = clock_timestamp()
     where room_number = $1 and business_date = $2 and status in ('open', 'assigned')
     returning id`,
    [roomNumber, businessDate, reason],
  )
  return rows.length > 0
}
