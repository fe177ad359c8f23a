/** Which run cancels a booking: one at a time. A claim of a run that is over is free for the next. */

import type { Sql } from '../../platform/postgres/sql.ts'
import { runIsOver } from '../../platform/runs/run-is-over.ts'

/** False: another run has it that goes on. To be called with the booking's lock. */
export async function claimBooking(sql: Sql, bookingId: string, runId: string): Promise<boolean> {
  const rows = await sql.query(
    `insert into prefect.booking_claims as c (booking_id, run_id) values ($1, $2)
     on conflict (booking_id) do update set run_id = excluded.run_id, claimed_at = clock_timestamp()
     where c.run_id = excluded.run_id or ${runIsOver('c.run_id')}
        or not exists (select from prefect.flow_runs f where f.id = c.run_id)
     returning 1`,
    [bookingId, runId],
  )
  return rows.length > 0
}

/** Whether a run that goes on has it. */
export async function isClaimed(sql: Sql, bookingId: string): Promise<boolean> {
  const text = `select 1 from prefect.booking_claims c join prefect.flow_runs f on f.id = c.run_id
    where c.booking_id = $1 and not ${runIsOver('c.run_id')}`
  return (await sql.query(text, [bookingId])).length > 0
}

export async function hasClaim(sql: Sql, bookingId: string, runId: string): Promise<boolean> {
  const text = 'select 1 from prefect.booking_claims where booking_id = $1 and run_id = $2'
  return (await sql.query(text, [bookingId, runId])).length > 0
}

/** Ends the run's claim, if it has it. */
export async function releaseClaim(sql: Sql, bookingId: string, runId: string): Promise<void> {
  await sql.query('delete from prefect.booking_claims where booking_id = $1 and run_id = $2', [
    bookingId,
    runId,
  ])
}
