import type { z } from 'zod'
import type { Firing, FiringList, FiringReason } from '../platform/contract/firing.ts'
import type { ScheduleAnswer, ScheduleDetail } from '../platform/contract/schedule.ts'
import type { Backfill, PreviewAnswer } from '../platform/contract/schedule-control.ts'
import { pageLine } from './output.ts'
import { sheet, table } from './table.ts'

/** A page of schedules as a table; who paused one stands where its next run would. */
export function schedulesText(schedules: readonly ScheduleAnswer[], total: number): string {
  if (total === 0) return 'There are no such schedules.'
  const rows = schedules.map((schedule) => [
    schedule.slug,
    schedule.workflow,
    schedule.schedule,
    schedule.paused ? pausedText(schedule.paused) : (schedule.next_run ?? 'never again'),
    lastRun(schedule),
  ])
  const shown = rows.length === total ? `${total} in all` : `${rows.length} of ${total}`
  return `${table(['schedule', 'workflow', 'when', 'next run', 'last run'], rows)}\n\n${shown}`
}

type Paused = NonNullable<ScheduleAnswer['paused']>

function pausedText({ by, at, reason }: Paused): string {
  if (reason === 'failures') return `paused after failures, ${at}`
  return by === null ? `paused, ${at}` : `paused by ${by}, ${at}`
}

function lastRun({ last_run: last }: ScheduleAnswer): string | undefined {
  if (last === undefined) return undefined
  return last.completed_at === null ? last.status : `${last.status} ${last.completed_at}`
}

/** One schedule with all it declares. */
export function scheduleText(schedule: ScheduleDetail): string {
  const { definition } = schedule
  const about: [string, unknown][] = [
    ['Schedule', schedule.schedule_id],
    ['Slug', schedule.slug],
    ['Name', schedule.name],
    ['Workflow', schedule.workflow],
    ['When', schedule.in_words.en],
    ['Next run', schedule.paused ? undefined : (schedule.next_run ?? 'never again')],
    ['Last run', lastRun(schedule)],
    ['Parameters', definition.parameters],
    ['Overlap', definition.overlap],
    ['At once', definition.concurrency],
    ['Catch-up', definition.catch_up],
  ]
  if (schedule.paused) {
    about.push(['Paused', pausedText(schedule.paused)], ['Note', schedule.paused.note])
  }
  if (definition.jitter_seconds > 0) about.push(['Jitter', `up to ${definition.jitter_seconds} s`])
  if (definition.blackouts.length > 0) about.push(['Blackouts', definition.blackouts])
  if (definition.closed_dates.length > 0) about.push(['Closed on', definition.closed_dates])
  if (definition.starts_at) about.push(['Starts', definition.starts_at])
  if (definition.ends_at) about.push(['Ends', definition.ends_at])
  if (schedule.runs_remaining !== null) about.push(['Runs left', schedule.runs_remaining])
  if (schedule.failures_in_a_row > 0) about.push(['Failures in a row', schedule.failures_in_a_row])
  about.push(
    ['Declared by', schedule.origin === 'file' ? 'a file' : (schedule.created_by ?? 'hand')],
    ['Version', schedule.version],
    ['Changed', `${schedule.updated_at} by ${schedule.updated_by ?? 'nobody'}`],
  )
  return sheet(about)
}

/** What became of its times. */
export function firingsText(page: z.infer<typeof FiringList>, cursor?: string): string {
  if (page.total === 0) return 'There are no such firings.'
  const rows = page.firings.map((firing) => [
    firing.nominal.replace('T', ' '),
    outcomeText(firing),
    firing.flow_run_id,
    firing.run_status,
    firing.detail,
  ])
  const text = table(['time', 'what became of it', 'run', 'status', 'detail'], rows)
  return `${text}\n\n${pageLine(rows.length, page, cursor)}`
}

const REASONS: Record<FiringReason, string> = {
  caught_up: 'caught up later',
  after_overlap: 'after earlier runs had ended',
  overlap: 'earlier runs had not ended',
  blackout: 'in a blackout',
  closed_date: 'on a closed date',
  backfill: 'by a backfill',
  dropped: 'not caught up',
  paused: 'left out when it was resumed',
  removed: 'its schedule was deleted',
  superseded: 'a newer one took its place',
  parameters: 'its parameters do not fit the workflow',
  unknown_workflow: 'there is no such workflow any more',
}

/** `skipped: earlier runs had not ended`. */
export function outcomeText({ kind, outcome, reason }: Pick<Firing, 'kind' | 'outcome' | 'reason'>): string {
  if (kind === 'manual') return `${outcome} by hand`
  return reason === null ? outcome : `${outcome}: ${REASONS[reason]}`
}

/** The next times. */
export function previewText({ in_words, times, truncated }: PreviewAnswer): string {
  const rows = times.map(({ nominal_at, due_at, runs, notes }) => [
    nominal_at,
    runs ? due_at : 'does not run',
    notes.join(' '),
  ])
  const parts = [in_words, times.length > 0 ? table(['time', 'due', 'note'], rows) : 'It comes no more.']
  return [...parts, ...(truncated === null ? [] : [truncated])].join('\n\n')
}

/** How far a backfill has come. */
export function backfillText(backfill: Backfill): string {
  const ended = Object.entries(backfill.ended).map(([status, runs]) => `${runs} ${status}`)
  return sheet([
    ['Backfill', backfill.backfill_id],
    ['Status', backfill.status],
    ['From', backfill.from],
    ['To', backfill.to],
    ['Firings', backfill.firings],
    ['At once', backfill.at_most],
    ['Waiting', backfill.waiting],
    ['Running', backfill.running],
    ['Ended', ended],
    ['Note', backfill.note],
    ['By', backfill.created_by],
    ...(backfill.cancelled_at === null
      ? []
      : [['Cancelled', `${backfill.cancelled_at} by ${backfill.cancelled_by ?? 'nobody'}`] as const]),
  ])
}
