import type { Sql } from '../../platform/postgres/sql.ts'

export interface NewRefund {
  id: string
  bookingId: string
  /** Whole currency units, above 0. */
  amount: number
  reason: string
  runId: string
}

/** Asks the hotel's accounts for a refund, once per id. */
export async function requestRefund(sql: Sql, refund: NewRefund): Promise<void> {
  await sql.query(
    `insert into prefect.refund_requests (id, booking_id, amount, reason, run_id)
     values ($1, $2, $3, $4, $5) on conflict (id) do nothing`,
    [refund.id, refund.bookingId, refund.amount, refund.reason, refund.runId],
  )
}

/** What is paid back of a booking or is to be, but for the request `id`, in whole currency units. */
export async function otherRefunds(sql: Sql, bookingId: string, id: string): Promise<number> {
  const [row] = await sql.query<{ amount: number }>(
    `select coalesce(sum(amount), 0)::float8 as amount from prefect.refund_requests
     where booking_id = $1 and id <> $2 and status <> 'withdrawn'`,
    [bookingId, id],
  )
  return row?.amount ?? 0
}

/** Takes a request back. Returns what became of it; undefined: there is none. A refund that was paid stays paid. */
export async function withdrawRefund(sql: Sql, id: string): Promise<'withdrawn' | 'paid' | undefined> {
  await sql.query(
    `update prefect.refund_requests set status = 'withdrawn', updated_at = clock_timestamp()
     where id = $1 and status = 'requested'`,
    [id],
  )
  const [row] = await sql.query<{ status: 'withdrawn' | 'paid' }>(
    'select status from prefect.refund_requests where id = $1',
    [id],
  )
  return row?.status
}

/** The accounts have paid it. False: it is not asked for any more. */
export async function payRefund(sql: Sql, id: string): Promise<boolean> {
  const rows = await sql.query(
    `update prefect.refund_requests set status = 'paid', updated_at = clock_timestamp()
     where id = $1 and status = 'requested' returning id`,
    [id],
  )
  return rows.length > 0
}
