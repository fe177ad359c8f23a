/** The demo's live summary: redrawn in a terminal, a line every five seconds anywhere else. */
import type { Sql } from '../src/db/sql.ts'
import type { Cameras } from './cameras.ts'
import type { SimulatedMessage } from './slack.ts'

export interface Figures {
  accepted: number
  rejected: number
  completed: number
  failed: number
  open: number
  punches: number
  late: number
  told: number
  lastReason: string | null
}

/** One look at the database. */
export async function readFigures(sql: Sql): Promise<Figures> {
  const [figures] = await sql.query<Figures>(
    `select (select count(*)::int from prefect.events where status = 'accepted') as accepted,
            (select count(*)::int from prefect.events where status = 'rejected') as rejected,
            (select count(*)::int from dbos.workflow_status where status = 'SUCCESS') as completed,
            (select count(*)::int from dbos.workflow_status where status = 'ERROR') as failed,
            (select count(*)::int from dbos.workflow_status where status in ('PENDING', 'ENQUEUED')) as open,
            (select count(*)::int from attendance_logs) as punches,
            (select count(*)::int from attendance_logs where is_late) as late,
            (select count(*)::int from prefect.notifications where status = 'sent') as told,
            (select reason from prefect.events where status = 'rejected' order by received_at desc limit 1)
              as "lastReason"`,
  )
  return figures as Figures
}

export interface SummaryOptions {
  sql: Sql
  cameras: Cameras
  slack: readonly SimulatedMessage[]
  timezone: string
}

/** Answers how to stop it. */
export function showSummary(options: SummaryOptions): () => void {
  const live = process.stdout.isTTY === true
  let drawn = 0
  const draw = async () => {
    const figures = await readFigures(options.sql).catch(() => undefined)
    if (!figures) return
    if (!live) return void process.stdout.write(`${oneLine(options, figures)}\n`)
    const lines = panel(options, figures)
    const width = process.stdout.columns || 100
    const up = drawn > 0 ? `\u001b[${drawn}A` : ''
    process.stdout.write(`${up}\u001b[0J${lines.map((line) => `${cut(line, width - 1)}\n`).join('')}`)
    drawn = lines.length
  }
  void draw()
  const timer = setInterval(() => void draw(), live ? 1_000 : 5_000)
  return () => clearInterval(timer)
}

function panel({ cameras, slack, timezone }: SummaryOptions, f: Figures): string[] {
  const lastAlert = slack.at(-1)?.text.split('\n').slice(2, 4).join(', ')
  return [
    '',
    `  Hotel time   ${hotelClock(cameras.clock(), timezone)}    cameras send over ${cameras.via}, accelerated`,
    '',
    `  Events       ${number(f.accepted)} accepted   ${number(f.rejected)} rejected   ${number(cameras.sent)} sent this time`,
    `  Runs         ${number(f.completed)} completed  ${number(f.failed)} failed     ${number(f.open)} in progress`,
    `  Attendance   ${number(f.punches)} punches    ${number(f.late)} late       ${number(f.told)} alerts to supervisors`,
    '',
    `  Last alert   ${lastAlert ?? 'none yet'}`,
    `  Last refusal ${f.lastReason?.replace('The event does not fit its schema. ', '') ?? 'none yet'}`,
    '',
    '  Ctrl-C stops it; the next start goes on with the next day.',
  ]
}

function oneLine({ cameras, timezone }: SummaryOptions, f: Figures): string {
  return (
    `${hotelClock(cameras.clock(), timezone)}  events ${f.accepted} accepted, ${f.rejected} rejected` +
    `  runs ${f.completed} completed, ${f.failed} failed, ${f.open} in progress` +
    `  late ${f.late}  supervisors told ${f.told}`
  )
}

function hotelClock(at: Date, timezone: string): string {
  const options = { timeZone: timezone, weekday: 'short', day: '2-digit', month: 'short' } as const
  return new Intl.DateTimeFormat('en-GB', { ...options, hour: '2-digit', minute: '2-digit' }).format(at)
}

const number = (value: number) => String(value).padStart(5)

/** Escape sequences and tabs are not expected in our own lines; a long one would break the redraw. */
function cut(line: string, width: number): string {
  return line.length > width ? `${line.slice(0, width - 1)}…` : line
}
