/** What a retry of a run would do, from what is on record. Reads only. */
import { ENDED, type RunDetail, type TaskRun, UNSUCCESSFUL } from '../../contract/run.ts'
import type { Sql } from '../../postgres/sql.ts'
import { runDetail } from '../../runs/run-detail.ts'
import type {
  PlannedChild,
  PlannedRetry,
  PlannedTask,
  RetryPlan,
  RetryRefusal,
  Speaker,
} from '../retry-plan.ts'
import { type ChildRow, childrenOf, familyOf } from './retry-children.ts'
import { loadRetryRecord, type RetryRecord } from './retry-record.ts'

/** `fromTask`: see `Retries`. Under the run's lock when it is to be carried out. */
export async function planRetry(sql: Sql, runId: string, fromTask?: string): Promise<PlannedRetry> {
  const run = await runDetail(sql, runId)
  if (run === undefined) return { kind: 'not_found' }
  const refused = await refusedByState(sql, run, fromTask)
  if (refused) return refusedPlan(run, refused)
  const record = await loadRetryRecord(sql, runId)
  if (fromTask === undefined) return planOf(sql, run, record, asItStopped(run, record))
  const step = stepOf(run, record, fromTask)
  if (step === undefined) {
    return { kind: 'no_such_task', tasks: [...new Set(run.task_runs.map((task) => task.task_name))] }
  }
  const notFromThere = refusedFrom(run, record, step)
  if (notFromThere) return refusedPlan(run, notFromThere)
  const plan = await planOf(sql, run, record, from(record, step))
  const open = plan.children.find(
    (child) => child.parentRunId === runId && !ENDED.includes(child.status) && record.awaits(child.runId),
  )
  if (open === undefined) return plan
  const reason = `its child ${open.runId} (${open.workflowName}) has not ended: wait for its end or cancel it first.`
  return refusedPlan(run, { code: 'from_task', reason })
}

async function refusedByState(
  sql: Sql,
  run: RunDetail,
  fromTask: string | undefined,
): Promise<RetryRefusal | undefined> {
  if (!UNSUCCESSFUL.includes(run.status)) {
    const reason =
      run.status === 'completed' && fromTask !== undefined
        ? 'each run has one recorded outcome. Give `parameters` to start a new run.'
        : 'only a failed, cancelled or crashed run can be retried.'
    return { code: 'not_failed', reason }
  }
  const family = await familyOf(sql, [run.flow_run_id])
  const flagged = family.find((one) => one.flagged !== null)?.flagged
  return flagged ? { code: 'flagged', reason: flagged } : undefined
}

function refusedFrom(run: RunDetail, record: RetryRecord, step: number): RetryRefusal | undefined {
  if (record.undone) {
    const reason =
      run.status === 'crashed'
        ? 'it stopped while it undid what it had done, and goes on from there. Leave out `from_task`.'
        : 'it undid what it had done, so it runs again from the top. Leave out `from_task`.'
    return { code: 'from_task', reason }
  }
  const ending = record.endedBy(run.status).find((failed) => failed < step)
  if (ending === undefined) return undefined
  const name = record.steps.get(ending)?.name ?? 'an earlier task'
  const reason = `it ended at ${name} (${run.flow_run_id}.${ending}), before that task, and would end there again. Name that one, or an earlier one.`
  return { code: 'from_task', reason }
}

/** Which steps are forgotten, and what that means for those after. */
interface Scope {
  steps: readonly number[]
  from: string | undefined
  anewFrom: number | undefined
}

/**
 * The steps that failed. All steps when none did, or when acts were undone: what was taken back must be done anew. None
 * for a crashed run: it goes on where it stopped, in the middle of its undos too.
 */
function asItStopped({ status }: RunDetail, record: RetryRecord): Scope {
  const ended = record.endedBy(status)
  const fromTheTop = status !== 'crashed' && (record.undone || (status === 'failed' && ended.length === 0))
  const steps = fromTheTop ? record.from(0) : ended
  const failed = [...steps].sort((a, b) => a - b).find((step) => record.steps.get(step)?.failed)
  const name = failed === undefined ? undefined : record.steps.get(failed)?.name
  return { steps, from: name, anewFrom: fromTheTop ? 0 : undefined }
}

/** What went well and is done again gets other keys: under its own it would be answered as before, by whoever keeps keys. */
function from(record: RetryRecord, step: number): Scope {
  const steps = record.from(step)
  const again = steps.some((number) => record.steps.get(number)?.failed === false)
  const anewFrom = again ? step : undefined
  return { steps, from: record.nameOf(step), anewFrom }
}

/** By its id, by the name it is shown with, or by that of a transaction which is shown as its parts. */
function stepOf(run: RunDetail, record: RetryRecord, task: string): number | undefined {
  const shown = run.task_runs.find((one) => one.task_run_id === task || one.task_name === task)
  const named = [...record.steps].filter(([, { name }]) => name === task).map(([step]) => step)
  const steps = [...(shown ? [stepNumber(shown)] : []), ...named]
  return steps.length === 0 ? undefined : Math.min(...steps)
}

/** The number in `<run>.<step>` and `<run>.<step>.<part>`. */
const stepNumber = ({ task_run_id }: Pick<TaskRun, 'task_run_id'>) => Number(task_run_id.split('.')[1])

async function planOf(sql: Sql, run: RunDetail, record: RetryRecord, scope: Scope): Promise<RetryPlan> {
  const forgotten = new Set(scope.steps)
  const isAgain = (task: TaskRun) => {
    const step = stepNumber(task)
    return forgotten.has(step) || !record.steps.has(step)
  }
  const planned = (task: TaskRun): PlannedTask => ({
    name: task.task_name,
    taskRunId: task.task_run_id,
    status: task.status,
    kind: record.kindOf(stepNumber(task)),
  })
  const { children, speakers } = await planChildren(sql, run.flow_run_id, record, scope)
  return {
    kind: 'plan',
    runId: run.flow_run_id,
    status: run.status,
    ...scope,
    // An undo is forgotten with its act, but comes again only if that must be taken back again.
    runsAgain: run.task_runs
      .filter(isAgain)
      .map(planned)
      .filter(({ kind }) => kind !== 'undo'),
    kept: run.task_runs.filter((task) => !isAgain(task)).map(planned),
    children,
    speakers: [{ runId: run.flow_run_id, anew: scope.anewFrom !== undefined }, ...speakers],
  }
}

async function planChildren(
  sql: Sql,
  runId: string,
  record: RetryRecord,
  scope: Scope,
): Promise<{ children: PlannedChild[]; speakers: Speaker[] }> {
  const children: PlannedChild[] = []
  const speakers: Speaker[] = []
  for (const child of await childrenOf(sql, runId, record)) {
    if (record.steps.has(child.step) && !scope.steps.includes(child.step)) continue
    const becomes = becomesOf(child, record, scope)
    const { id, workflowName, status } = child
    children.push({ runId: id, workflowName, status, parentRunId: runId, becomes })
    if (becomes === 'started_anew')
      speakers.push(...(await familyOf(sql, [id])).map((one) => ({ runId: one.id, anew: true })))
    if (becomes !== 'retried') continue
    const below = await planRetry(sql, id)
    if (below.kind !== 'plan') continue
    children.push(...below.children)
    speakers.push(...below.speakers)
  }
  return { children, speakers }
}

function becomesOf(child: ChildRow, record: RetryRecord, { anewFrom }: Scope): PlannedChild['becomes'] {
  if (anewFrom !== undefined && child.step >= anewFrom) return 'started_anew'
  const failed = record.steps.get(child.step)?.failed === true
  return failed && UNSUCCESSFUL.includes(child.status) ? 'retried' : 'awaited'
}

function refusedPlan({ flow_run_id, status }: RunDetail, refused: RetryRefusal): RetryPlan {
  return {
    kind: 'plan',
    runId: flow_run_id,
    status,
    refused,
    from: undefined,
    steps: [],
    anewFrom: undefined,
    runsAgain: [],
    kept: [],
    children: [],
    speakers: [],
  }
}
