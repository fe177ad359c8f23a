/** What was not as it should be: `prefect.anomalies`, repeats within a window in one row. */

import { storableJson } from '../../platform/contract/unstorable-text.ts'
import type { Sql } from '../../platform/postgres/sql.ts'
import { runIsOver } from '../../platform/runs/run-is-over.ts'
import type { Severity } from './anomaly.event.ts'

export interface AnomalyRow {
  id: string
  severity: Severity
  status: 'open' | 'acknowledged' | 'escalated'
  run_id: string
  run_is_over: boolean
}

/** The newest anomaly under the key that was seen within `windowMinutes` of `at`. */
export async function findAnomaly(
  sql: Sql,
  key: string,
  at: Date,
  windowMinutes: number,
): Promise<AnomalyRow | undefined> {
  const rows = await sql.query<AnomalyRow>(
    `select a.id, a.severity, a.status, a.run_id, ${runIsOver('a.run_id')} as run_is_over
     from prefect.anomalies a
     where a.dedupe_key = $1
       and a.first_seen_at <= $2::timestamptz + make_interval(secs => $3)
       and a.last_seen_at >= $2::timestamptz - make_interval(secs => $3)
     order by a.last_seen_at desc, a.id limit 1`,
    [key, at.toISOString(), windowMinutes * 60],
  )
  return rows[0]
}

export interface NewAnomaly {
  id: string
  key: string
  type: string
  severity: Severity
  source: string
  description: string
  details: unknown
  subjects: string[]
  at: Date
  runId: string
}

export async function insertAnomaly(sql: Sql, anomaly: NewAnomaly): Promise<void> {
  await sql.query(
    `insert into prefect.anomalies
       (id, dedupe_key, anomaly_type, severity, source, description, details, subjects, first_seen_at, last_seen_at,
        run_id)
     values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::text[], $9, $9, $10)`,
    [
      anomaly.id,
      anomaly.key,
      anomaly.type,
      anomaly.severity,
      anomaly.source,
      anomaly.description,
      storableJson(anomaly.details ?? null),
      anomaly.subjects,
      anomaly.at.toISOString(),
      anomaly.runId,
    ],
  )
}

/** Seen once more at `at`. `runId`: the run that looks after it from now on; null: the same as before. */
export async function addSighting(
  sql: Sql,
  id: string,
  seen: { severity: Severity; at: Date; runId: string | null },
): Promise<void> {
  await sql.query(
    `update prefect.anomalies
     set occurrences = occurrences + 1, severity = $2, first_seen_at = least(first_seen_at, $3),
         last_seen_at = greatest(last_seen_at, $3), run_id = coalesce($4, run_id),
         status = case when $4::text is null then status else 'open' end
     where id = $1`,
    [id, seen.severity, seen.at.toISOString(), seen.runId],
  )
}

/** `by` null: not said who. `at` is ISO 8601. */
export async function markAcknowledged(sql: Sql, id: string, by: string | null, at: string): Promise<void> {
  await sql.query(
    `update prefect.anomalies set status = 'acknowledged', acknowledged_by = $2, acknowledged_at = $3 where id = $1`,
    [id, by, at],
  )
}

/** Returns the severity it has by now. `at` is ISO 8601. */
export async function markEscalated(sql: Sql, id: string, at: string): Promise<Severity> {
  const [row] = await sql.query<{ severity: Severity }>(
    `update prefect.anomalies set status = 'escalated', escalated_at = $2 where id = $1 returning severity`,
    [id, at],
  )
  if (!row) throw new Error('the anomaly is not there any more')
  return row.severity
}
