import type { Sql } from '../../platform/postgres/sql.ts'

/** Slack ids of everyone who supervises the department; none is an empty list. */
export async function supervisorsOf(sql: Sql, department: string): Promise<string[]> {
  const rows = await sql.query<{ slack_user_id: string }>(
    `select distinct slack_user_id from supervisors
     where department::text = $1 and slack_user_id is not null order by slack_user_id`,
    [department],
  )
  return rows.map((row) => row.slack_user_id)
}
