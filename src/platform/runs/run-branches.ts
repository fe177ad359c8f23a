/**
 * Where the list of runs finds its rows. What a run was asked for is in prefect.flow_runs, what became of it in the
 * engine's table, so the states fall into three groups, each with an index that gives its runs in order:
 *
 *   unsuccessful   marked in flow_runs by a trigger, with partial indexes of their own
 *   open           few, found by the engine's own partial indexes
 *   completed      nearly all: along the list's order, leaving out the others
 *
 * A filter that leaves few runs is read first and the rest asked of its rows. See the decision note 0014.
 */
import { type RunStatus, UNSUCCESSFUL } from '../contract/run.ts'
import { beginsWith, countedIds, type IdSet, idsOf } from '../postgres/id-sets.ts'
import type { Branch, Purpose } from '../postgres/page.ts'
import type { Parameters } from '../postgres/parameters.ts'
import { APPLICATION } from './application.ts'

/** What is not given does not matter. Of a filter with several values any one may hold. */
export interface RunFilter {
  workflowNames?: readonly string[] | undefined
  statuses?: readonly RunStatus[] | undefined
  eventIds?: readonly string[] | undefined
  subject?: string | undefined
  startedAfter?: Date | undefined
  startedBefore?: Date | undefined
  flagged?: boolean | undefined
  /** The beginning of an id or of a subject. */
  search?: string | undefined
}

/** The ids that filters name by an index of their own. */
export interface RunSets {
  search?: IdSet
  subject?: IdSet
  started?: IdSet
}

type Bind = Parameters['bind']

/**
 * The engine's states that a run of a status may be in before it has ended. One that is reserved is delayed until its
 * parent starts it, and as good as cancelled when that never will; one that only waits is delayed until it goes on.
 */
const OPEN_STATES: Partial<Record<RunStatus, readonly string[]>> = {
  scheduled: ['DELAYED'],
  late: ['DELAYED', 'ENQUEUED'],
  pending: ['ENQUEUED', 'DELAYED'],
  cancelling: ['ENQUEUED', 'PENDING', 'DELAYED'],
  running: ['PENDING', 'DELAYED'],
  retrying: ['PENDING', 'DELAYED'],
  waiting: ['PENDING', 'DELAYED'],
  cancelled: ['DELAYED'],
}

/** Each part by a partial index of the engine's: all runs that have not ended, or those in some of its states. */
function openIds(states: ReadonlySet<string> = new Set(['ENQUEUED', 'PENDING', 'DELAYED'])): string {
  const within = (words: readonly string[]) =>
    `select workflow_uuid as id from dbos.workflow_status where status in (${words.map((word) => `'${word}'`).join(', ')})`
  const queued = ['ENQUEUED', 'PENDING'].filter((state) => states.has(state))
  const parts = [queued, ['DELAYED'].filter((state) => states.has(state))]
  return parts
    .filter((words) => words.length > 0)
    .map(within)
    .join(' union all ')
}

const IN_ORDER = { at: 'r.created_at', id: 'r.id' }

/** Disjoint, and together all runs that the filter lets through. */
export function runBranches(filter: RunFilter, sets: RunSets, bind: Bind, purpose: Purpose): Branch[] {
  const alone = byOneAlone(filter, sets, bind, purpose)
  if (alone !== undefined) return [alone]
  const few = fewRuns(filter, sets, bind)
  const asked = { ...filter, ...few?.settled }
  const where = conditions(asked, sets, bind, purpose)
  if (few === undefined) return walks(filter, where, bind)
  const { workflowNames, statuses, subject } = asked
  if (subject !== undefined) where.push(isAbout(subject, bind))
  if (workflowNames) where.push(`r.workflow_name = any(${bind(workflowNames)})`)
  if (statuses) where.push(isIn(statuses, bind))
  return [{ ...IN_ORDER, from: few.from, where }]
}

/** Looked up run by run, and only where it is not known already. */
function isIn(statuses: readonly RunStatus[], bind: Bind): string {
  const words = bind(statuses)
  const state = '(select v.status from prefect.flow_run_states v where v.id = r.id)'
  return `case when r.unsuccessful is null then ${state} = any(${words}) else r.unsuccessful = any(${words}) end`
}

/** What one filter names needs nothing else to be counted, and maybe to be put in order. */
function byOneAlone(filter: RunFilter, sets: RunSets, bind: Bind, purpose: Purpose): Branch | undefined {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined)
  const only = (...names: string[]) => given.every(([name]) => names.includes(name))
  const place = { at: 'r.at', id: 'r.id', where: [] }
  if (sets.search && only('search')) {
    if (purpose !== 'page') return { ...place, from: countedIds(sets.search, bind, purpose) }
    return sets.search.sortable ? { ...place, from: idsOf(sets.search, bind) } : undefined
  }
  if (purpose === 'page' || !sets.started || !only('startedAfter', 'startedBefore')) return undefined
  const where = [startedWithin(filter, bind), `s.application_name = '${APPLICATION}'`]
  return { ...place, from: 'dbos.workflow_status s', where }
}

/**
 * The runs themselves where one filter leaves few, and the filters that are settled by that. `offset 0`: they are read
 * first, whatever the planner hopes of walking along an order.
 */
function fewRuns(
  { eventIds, flagged }: RunFilter,
  { search, subject, started }: RunSets,
  bind: Bind,
): { from: string; settled: RunFilter } | undefined {
  const runs = (text: string) => `(select f.* from ${text} offset 0) r`
  if (eventIds) {
    const from = runs(`prefect.flow_runs f where f.event_id = any(${bind(eventIds)})`)
    return { from, settled: { eventIds: undefined } }
  }
  const named = ({ select }: IdSet) =>
    runs(`(select distinct id from (${select(bind)}) s) n join prefect.flow_runs f on f.id = n.id`)
  if (search?.narrow) return { from: named(search), settled: { search: undefined } }
  if (subject?.narrow) return { from: named(subject), settled: { subject: undefined } }
  if (started?.narrow) {
    return { from: named(started), settled: { startedAfter: undefined, startedBefore: undefined } }
  }
  if (!flagged) return undefined
  return { from: runs('prefect.flow_runs f where f.flagged is not null'), settled: { flagged: undefined } }
}

/** SQL: whether `s`, a row of the engine's, was started within the filter's times. */
export function startedWithin({ startedAfter, startedBefore }: RunFilter, bind: Bind): string {
  const from = startedAfter?.getTime() ?? 0
  const until = startedBefore?.getTime() ?? Number.MAX_SAFE_INTEGER
  return `s.started_at_epoch_ms between ${bind(from)} and ${bind(until)}`
}

/** A run is started after it was created, but the claim that sets the time may have begun a little before. */
const STARTED_EARLY_MS = 60_000

/** What is asked of a run `r`; its workflow, status and subject are left to the caller. */
function conditions(filter: RunFilter, sets: RunSets, bind: Bind, purpose: Purpose): string[] {
  const { search, startedAfter, startedBefore, flagged } = filter
  const where: string[] = []
  if (flagged !== undefined) where.push(`r.flagged is ${flagged ? 'not ' : ''}null`)
  if (search !== undefined) where.push(beginsWith(search, { id: 'r.id', subjects: 'r.subjects' }, bind))
  if (startedAfter === undefined && startedBefore === undefined) return where
  if (purpose === 'guess') {
    if (startedAfter) where.push(`r.created_at >= ${bind(startedAfter)}`)
  } else {
    // `offset 0`: looked up run by run, never joined to all that were started within a year.
    where.push(`exists (select from dbos.workflow_status s
      where s.workflow_uuid = r.id and ${startedWithin(filter, bind)} offset 0)`)
  }
  if (startedBefore && sets.started?.narrow === false) {
    where.push(`r.created_at <= ${bind(new Date(startedBefore.getTime() + STARTED_EARLY_MS))}`)
  }
  return where
}

const isAbout = (subject: string, bind: Bind) => `r.subjects @> array[${bind(subject)}]`

/** Each group of states along an index that is in the list's order. */
function walks(filter: RunFilter, where: readonly string[], bind: Bind): Branch[] {
  const { statuses, subject } = filter
  if (statuses === undefined) return [inOrder(filter, where, bind)]
  const names = filter.workflowNames && { column: 'r.workflow_name', values: filter.workflowNames }
  const branches: Branch[] = []
  if (statuses.includes('completed')) {
    const ended = `not exists (select from (${openIds()}) o where o.id = r.id)`
    branches.push(inOrder(filter, [...where, 'r.unsuccessful is null', ended], bind))
  }
  const marks = UNSUCCESSFUL.filter((status) => statuses.includes(status))
  const states = new Set(statuses.flatMap((status) => OPEN_STATES[status] ?? []))
  if (marks.length + states.size === 0) return branches
  const own = subject === undefined ? where : [...where, isAbout(subject, bind)]
  for (const status of marks) {
    const marked = `r.unsuccessful = '${status}'`
    branches.push({ ...IN_ORDER, from: 'prefect.flow_runs r', where: [...own, marked], each: names })
  }
  if (states.size > 0) branches.push(openRuns([...own, `v.status = any(${bind(statuses)})`], states, names))
  return branches
}

/** Along the order of the subject, or of each workflow, or of all runs. */
function inOrder({ subject, workflowNames }: RunFilter, where: readonly string[], bind: Bind): Branch {
  if (subject === undefined) {
    const each = workflowNames && { column: 'r.workflow_name', values: workflowNames }
    return { ...IN_ORDER, from: 'prefect.flow_runs r', where, each }
  }
  const about = [`i.subject = ${bind(subject)}`, "i.kind = 'run'"]
  const asked = workflowNames ? [...where, `r.workflow_name = any(${bind(workflowNames)})`] : where
  // Every row of the index has its run: it is read only when something is asked of it.
  const runs = asked.length === 0 ? '' : ' join prefect.flow_runs r on r.id = i.id'
  return { at: 'i.at', id: 'i.id', from: `prefect.subject_index i${runs}`, where: [...about, ...asked] }
}

function openRuns(where: readonly string[], states: ReadonlySet<string>, names: Branch['each']): Branch {
  const from = `(${openIds(states)}) o join prefect.flow_runs r on r.id = o.id
    join prefect.flow_run_states v on v.id = r.id`
  return { ...IN_ORDER, from, where, each: names }
}
