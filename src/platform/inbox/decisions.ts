/** The decisions people made: one row for each entry, whoever was first. */
import type { Decision } from '../contract/inbox.ts'
import { instantText } from '../postgres/instant-text.ts'
import { type Page, type PageOf, readPage } from '../postgres/page.ts'
import type { Sql } from '../postgres/sql.ts'

interface DecisionRow extends Omit<Decision, 'decided_at'> {
  decided_at: Date
}

const COLUMNS = `d.id, d.kind, d.action, d.title, d.subjects, d.flow_run_id, d.event_id, d.decided_by, d.by, d.decided_at,
  d.note, d.payload, d.result`

/** Undefined: the entry was not settled through the inbox. */
export async function findDecision(sql: Sql, entryId: string): Promise<Decision | undefined> {
  const text = `select ${COLUMNS} from prefect.decisions d where d.id = $1`
  const [row] = await sql.query<DecisionRow>(text, [entryId])
  return row && decisionOf(row)
}

/** Throws the database's error when the entry has one already: the caller holds the entry's lock. */
export async function insertDecision(sql: Sql, decision: Omit<Decision, 'decided_at'>): Promise<Decision> {
  const [row] = await sql.query<DecisionRow>(
    `insert into prefect.decisions as d
       (id, kind, action, title, subjects, flow_run_id, event_id, decided_by, by, note, payload, result)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning ${COLUMNS}`,
    [
      decision.id,
      decision.kind,
      decision.action,
      decision.title,
      decision.subjects,
      decision.flow_run_id,
      decision.event_id,
      decision.decided_by,
      decision.by,
      decision.note,
      json(decision.payload),
      json(decision.result),
    ],
  )
  if (!row) throw new Error('prefect.decisions did not return the new row')
  return decisionOf(row)
}

const json = (value: unknown) => (value === null || value === undefined ? null : JSON.stringify(value))

export interface DecisionFilter {
  kinds?: readonly string[] | undefined
  subject?: string | undefined
  decidedBy?: readonly string[] | undefined
}

/** One page, newest first. Throws BadCursor. */
export async function listDecisions(
  sql: Sql,
  filter: DecisionFilter,
  page: Page,
): Promise<Omit<PageOf<never>, 'rows'> & { decisions: Decision[] }> {
  const { kinds, subject, decidedBy } = filter
  const { rows, ...rest } = await readPage<DecisionRow>(
    sql,
    {
      columns: COLUMNS,
      from: 'prefect.decisions d',
      id: 'd.id',
      branches: (bind) => [
        {
          from: 'prefect.decisions d',
          at: 'd.decided_at',
          id: 'd.id',
          each: kinds && { column: 'd.kind', values: kinds },
          where: [
            ...(subject === undefined ? [] : [`d.subjects @> array[${bind(subject)}]`]),
            ...(decidedBy === undefined ? [] : [`d.decided_by = any(${bind(decidedBy)})`]),
          ],
        },
      ],
      filters: filter,
    },
    page,
  )
  return { decisions: rows.map(decisionOf), ...rest }
}

function decisionOf({ decided_at, ...row }: DecisionRow): Decision {
  return { ...row, decided_at: instantText(decided_at) }
}
