import type { RunDetail, RunList, TaskRun } from '../platform/contract/run.ts'
import { pageLine } from './output.ts'
import { seconds, sheet, table } from './table.ts'

/** A page of runs as a table. `cursor`: what it was asked for with. */
export function runsText(page: RunList, cursor?: string): string {
  if (page.total === 0) return 'There are no such runs.'
  const rows = page.workflow_runs.map((run) => [
    run.flow_run_id,
    run.workflow_name,
    run.status,
    run.started_at,
    seconds(run.duration_seconds),
    run.subjects,
  ])
  const text = table(['run', 'workflow', 'status', 'started', 'took', 'about'], rows)
  return `${text}\n\n${pageLine(rows.length, page, cursor)}`
}

/** One run with its tasks, and every attempt that did not go well. */
export function runText(run: RunDetail): string {
  const about: [string, unknown][] = [
    ['Run', run.flow_run_id],
    ['Workflow', run.workflow_name],
    ['Status', run.status],
    ['Created', run.created_at],
    ['Scheduled', run.scheduled_start],
    ['Started', run.started_at],
    ['Completed', run.completed_at],
    ['Took', seconds(run.duration_seconds)],
    ['About', run.subjects],
    ['Event', run.event_id],
    ['Parent', run.parent_run_id],
    ['Origin', run.origin_run_id],
    ['Successors', run.successor_run_ids],
    ['Children', run.child_run_ids],
    ['Flagged', run.flagged],
    ['Recoveries', run.recoveries],
    ['Parameters', run.parameters],
  ]
  if (run.result !== undefined) about.push(['Result', run.result])
  if (run.error) {
    about.push(['Error', `${run.error.code}: ${run.error.message}`], ['In task', run.error.task_name])
  }
  const parts = [sheet(about)]
  if (run.task_runs.length > 0) parts.push(tasksText(run.task_runs))
  const attempts = run.task_runs.flatMap(attemptRows)
  if (attempts.length > 0)
    parts.push(table(['task', 'attempt', 'outcome', 'started', 'took', 'next'], attempts))
  return parts.join('\n\n')
}

function tasksText(tasks: readonly TaskRun[]): string {
  const rows = tasks.map((task) => [
    task.task_name,
    task.status,
    task.started_at,
    seconds(task.duration_seconds),
    task.retries,
  ])
  return table(['task', 'status', 'started', 'took', 'retries'], rows)
}

/** A task that went well at once needs no second line. */
function attemptRows(task: TaskRun): unknown[][] {
  if (task.attempts.every(({ status }) => status === 'completed')) return []
  return task.attempts.map((attempt) => [
    task.task_name,
    attempt.attempt,
    attempt.error ? `${attempt.error.code}: ${attempt.error.message}` : attempt.status,
    attempt.started_at,
    seconds(attempt.duration_seconds),
    attempt.next_attempt_at,
  ])
}
