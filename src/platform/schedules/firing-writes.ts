/** Writing firings, and starting their runs in the same transaction. */

import type { FiringKind, FiringOutcome, FiringReason } from '../contract/firing.ts'
import { fieldErrors } from '../contract/problem.ts'
import type { StartRequest } from '../engine/engine.ts'
import type { AnyFlow } from '../engine/flow.ts'
import { idFrom, runIdFor } from '../engine/ids.ts'
import type { Sql } from '../postgres/sql.ts'
import { type ScheduleRow, timezoneOf } from './schedule-row.ts'
import { fillParameters } from './timing/placeholders.ts'

export interface FiringPorts {
  flows: ReadonlyMap<string, AnyFlow>
  /** The engine's: inserts the runs within the caller's transaction. */
  startRuns(sql: Sql, requests: readonly StartRequest[]): Promise<unknown>
  /** The hotel's own day at an instant: 'YYYY-MM-DD'. */
  businessDate(at: Date): string
}

/** A nominal time and what shall become of it. */
export interface NewFiring {
  /** '' for the schedule's own; else the backfill's id, or that of a run somebody started by hand. */
  series: string
  nominal: string
  at: Date
  due: Date
  previous: Date | undefined
  kind: FiringKind
  outcome: FiringOutcome
  reason: FiringReason | null
  detail: string | null
}

export interface WrittenFiring extends NewFiring {
  workflow: string
  runId: string | undefined
  decidedAt: Date
}

type Fired = Pick<ScheduleRow, 'id' | 'slug' | 'definition'>

const INSERT = `
  insert into prefect.firings (id, slug, series, nominal, schedule_id, nominal_at, previous_nominal_at, due_at, kind, outcome,
                               reason, detail, run_id, open)
  select x.id, x.slug, x.series, x.nominal, x.schedule_id, x.nominal_at, x.previous_nominal_at, x.due_at, x.kind, x.outcome,
         x.reason, x.detail, x.run_id, x.outcome = 'started'
  from jsonb_to_recordset($1::jsonb) as x(id text, slug text, series text, nominal text, schedule_id text,
    nominal_at timestamptz, previous_nominal_at timestamptz, due_at timestamptz, kind text, outcome text, reason text,
    detail text, run_id text)
  on conflict do nothing
  returning id, decided_at`

/**
 * A nominal time that has its row already is left alone: another scheduler decided it. Returns those that are new, with
 * the runs that they started.
 */
export async function writeFirings(
  sql: Sql,
  ports: FiringPorts,
  firings: readonly { schedule: Fired; firing: NewFiring }[],
): Promise<{ schedule: Fired; firing: WrittenFiring }[]> {
  if (firings.length === 0) return []
  const prepared = await Promise.all(firings.map((each) => prepare(ports, each)))
  const rows = await sql.query<{ id: string; decided_at: Date }>(INSERT, [
    JSON.stringify(prepared.map(({ row }) => row)),
  ])
  const decided = new Map(rows.map((row) => [row.id, row.decided_at]))
  const added = prepared.filter(({ row }) => decided.has(row.id))
  await ports.startRuns(
    sql,
    added.flatMap(({ request }) => request ?? []),
  )
  return added.map(({ schedule, firing, row, request }) => ({
    schedule,
    firing: {
      ...firing,
      workflow: schedule.definition.workflow,
      runId: request?.runId,
      decidedAt: decided.get(row.id) as Date,
    },
  }))
}

async function prepare(ports: FiringPorts, { schedule, firing }: { schedule: Fired; firing: NewFiring }) {
  const { id: schedule_id, slug } = schedule
  const { series, nominal } = firing
  const begun = firing.outcome === 'started' ? await requestOf(ports, schedule, firing) : undefined
  const became = begun && 'refused' in begun ? { ...firing, ...begun.refused } : firing
  const request = begun && 'request' in begun ? begun.request : undefined
  const row = {
    id: idFrom('fir', slug, series, nominal),
    ...{ slug, series, nominal, schedule_id },
    nominal_at: firing.at,
    previous_nominal_at: firing.previous ?? null,
    due_at: firing.due,
    ...{ kind: firing.kind, outcome: became.outcome, reason: became.reason, detail: became.detail },
    run_id: request?.runId ?? null,
  }
  return { schedule, firing: became, row, request }
}

export interface Refused {
  outcome: 'refused'
  reason: 'parameters' | 'unknown_workflow'
  detail: string
}

/** The run of a firing: its id is made of what it stands for, so that it cannot be started twice. */
export async function requestOf(
  { flows, businessDate }: FiringPorts,
  { slug, definition }: Fired,
  firing: Pick<NewFiring, 'series' | 'nominal' | 'at' | 'previous'>,
): Promise<{ request: StartRequest } | { refused: Refused }> {
  const flow = flows.get(definition.workflow)
  if (flow === undefined) {
    const detail = `There is no workflow "${definition.workflow}" any more.`
    return { refused: { outcome: 'refused', reason: 'unknown_workflow', detail } }
  }
  const filled = fillParameters(definition.parameters, {
    nominal: firing.at,
    previous_nominal: firing.previous,
    business_date: businessDate(firing.at),
    timezone: timezoneOf(definition),
  })
  const parsed = await flow.parameters.safeParseAsync(filled)
  if (!parsed.success) {
    const wrong = fieldErrors(parsed.error, 'parameters').map(({ path, message }) => `${path} ${message}`)
    return { refused: { outcome: 'refused', reason: 'parameters', detail: wrong.join('; ').slice(0, 2_000) } }
  }
  const request: StartRequest = {
    runId: runIdFor('firing', slug, firing.series, firing.nominal),
    flow,
    parameters: parsed.data,
    createdBy: `schedule:${slug}`,
    queue: definition.queue ?? undefined,
  }
  return { request }
}
