/** The demo's live summary: redrawn in a terminal, a line every five seconds anywhere else. */
import type { Sql } from '../src/platform/postgres/sql.ts'
import type { HotelClock } from './hotel/hotel-clock.ts'
import type { SmtpSimulator } from './services/smtp.ts'

export interface Figures {
  accepted: number
  rejected: number
  completed: number
  failed: number
  undone: number
  flagged: number
  decided: number
  open: number
  punches: number
  late: number
  staying: number
  dirty: number
  slack: number
  email: number
  texts: number
  requests: number
  lastFailure: string | null
}

/** One look at the database. */
export async function readFigures(sql: Sql): Promise<Figures> {
  const [figures] = await sql.query<Figures>(
    `select (select count(*)::int from prefect.events where status = 'accepted') as accepted,
            (select count(*)::int from prefect.events where status = 'rejected') as rejected,
            (select count(*)::int from dbos.workflow_status where status = 'SUCCESS') as completed,
            (select count(*)::int from dbos.workflow_status where status = 'ERROR') as failed,
            (select count(distinct workflow_uuid)::int from dbos.operation_outputs
              where output::json ->> 'k' = 'undo') as undone,
            (select count(*)::int from prefect.flow_runs where flagged is not null) as flagged,
            (select count(*)::int from prefect.decisions) as decided,
            (select count(*)::int from dbos.workflow_status where status in ('PENDING', 'ENQUEUED')) as open,
            (select count(*)::int from attendance_logs) as punches,
            (select count(*)::int from attendance_logs where is_late) as late,
            (select count(*)::int from bookings where status = 'checked_in') as staying,
            (select count(*)::int from rooms where status in ('dirty', 'pickup')) as dirty,
            (select count(*)::int from prefect.notifications where status = 'sent' and channel = 'slack') as slack,
            (select count(*)::int from prefect.notifications where status = 'sent' and channel = 'email') as email,
            (select count(*)::int from prefect.notifications
              where status = 'sent' and channel in ('sms', 'whatsapp')) as texts,
            (select count(*)::int from prefect.guest_requests) as requests,
            (select r.workflow_name || ': ' || (o.error::json ->> 'code')
             from prefect.flow_runs r join dbos.workflow_output o on o.workflow_uuid = r.id
             where o.error is not null order by r.created_at desc limit 1) as "lastFailure"`,
  )
  return figures as Figures
}

export interface SummaryOptions {
  sql: Sql
  clock: HotelClock
  via: string
  /** Events and requests of this start. */
  sent(): number
  smtp: Pick<SmtpSimulator, 'mails'>
  timezone: string
}

/** Returns how to stop it. */
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

function panel({ clock, via, sent, smtp, timezone }: SummaryOptions, f: Figures): string[] {
  const mail = smtp.mails.at(-1)
  return [
    '',
    `  Hotel time   ${hotelClock(clock.now(), timezone)}    events travel over ${via}, accelerated`,
    '',
    `  Events       ${number(f.accepted)} accepted   ${number(f.rejected)} rejected   ${number(sent())} sent this time`,
    `  Runs         ${number(f.completed)} completed  ${number(f.failed)} failed     ${number(f.open)} in progress`,
    `  Sagas        ${number(f.undone)} undone     ${number(f.flagged)} flagged for a person   ${number(f.decided)} settled at the inbox`,
    '',
    `  Attendance   ${number(f.punches)} punches    ${number(f.late)} late`,
    `  Guests       ${number(f.staying)} staying    ${number(f.requests)} requests`,
    `  Rooms        ${number(f.dirty)} to clean`,
    `  Messages     ${number(f.email)} emails     ${number(f.slack)} in Slack   ${number(f.texts)} texts`,
    '',
    `  Last email   ${mail ? `${mail.subject} → ${mail.to}` : 'none yet'}`,
    `  Last failure ${f.lastFailure ?? 'none yet'}`,
    '',
    '  Ctrl-C stops it; the next start goes on with the next day.',
  ]
}

function oneLine({ clock, timezone }: SummaryOptions, f: Figures): string {
  return (
    `${hotelClock(clock.now(), timezone)}  events ${f.accepted} accepted, ${f.rejected} rejected` +
    `  runs ${f.completed} completed, ${f.failed} failed, ${f.open} in progress` +
    `  emails ${f.email}  Slack ${f.slack}  texts ${f.texts}  late ${f.late}  undone ${f.undone}  settled ${f.decided}`
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
