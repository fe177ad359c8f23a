/** Reading back what became of a schedule's times. */
import type { Firing, FiringKind, FiringOutcome } from '../contract/firing.ts'
import { instantText } from '../postgres/instant-text.ts'
import { type Page, type PageOf, readPage } from '../postgres/page.ts'
import type { Sql } from '../postgres/sql.ts'
import { type ScheduleRow, timezoneOf } from './schedule-row.ts'

/** What has fired, by id or slug; by its id also when it was deleted, for what it fired is kept. */
export async function findFired(sql: Sql, id: string): Promise<{ id: string; timezone: string } | undefined> {
  const [row] = await sql.query<Pick<ScheduleRow, 'id' | 'definition'>>(
    'select s.id, s.definition from prefect.schedules s where s.id = $1 or (s.slug = $1 and s.deleted_at is null)',
    [id],
  )
  return row && { id: row.id, timezone: timezoneOf(row.definition) }
}

interface FiringRow
  extends Omit<Firing, 'flow_run_id' | 'nominal_at' | 'due_at' | 'decided_at' | 'backfill_id'> {
  series: string
  nominal_at: Date
  due_at: Date
  decided_at: Date
  run_id: string | null
}

const FIRING = `f.schedule_id, f.series, f.nominal, f.nominal_at, f.due_at, f.kind, f.outcome, f.reason, f.detail,
  f.decided_at, f.run_id, (select v.status from prefect.flow_run_states v where v.id = f.run_id) as run_status`

export interface FiringFilter {
  outcomes?: readonly FiringOutcome[] | undefined
  kinds?: readonly FiringKind[] | undefined
  backfillId?: string | undefined
  /** Included, as in other lists; `before` is not. */
  after?: Date | undefined
  before?: Date | undefined
}

/** What became of its nominal times, newest first. `id`: the schedule's own. Throws BadCursor. */
export async function listFirings(
  sql: Sql,
  id: string,
  { outcomes, kinds, backfillId, after, before }: FiringFilter,
  page: Page,
): Promise<Omit<PageOf<never>, 'rows'> & { firings: Firing[] }> {
  const { rows, ...rest } = await readPage<FiringRow>(
    sql,
    {
      columns: FIRING,
      from: 'prefect.firings f',
      id: 'f.id',
      branches: (bind) => [
        {
          from: 'prefect.firings f',
          at: 'f.nominal_at',
          id: 'f.id',
          where: [
            `f.schedule_id = ${bind(id)}`,
            ...(outcomes ? [`f.outcome = any(${bind(outcomes)})`] : []),
            ...(kinds ? [`f.kind = any(${bind(kinds)})`] : []),
            ...(backfillId === undefined ? [] : [`f.series = ${bind(backfillId)}`]),
            ...(after ? [`f.nominal_at >= ${bind(after)}`] : []),
            ...(before ? [`f.nominal_at < ${bind(before)}`] : []),
          ],
        },
      ],
      filters: { id, outcomes, kinds, backfillId, after, before },
    },
    page,
  )
  return { firings: rows.map(firingOf), ...rest }
}

function firingOf({ series, run_id, nominal_at, due_at, decided_at, ...row }: FiringRow): Firing {
  return {
    ...row,
    nominal_at: instantText(nominal_at),
    due_at: instantText(due_at),
    decided_at: instantText(decided_at),
    flow_run_id: run_id,
    backfill_id: row.kind === 'backfill' ? series : null,
  }
}
