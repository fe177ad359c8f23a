/**
 * What the service is measured against: the same attendance work written the plain way on DBOS, its four tasks as four
 * steps, behind a small HTTP server. MODE=four: all four steps for every event. MODE=branch: the fourth only when late.
 */
import { createServer } from 'node:http'
import { DBOS } from '@dbos-inc/dbos-sdk'
import pg from 'pg'
import { AttendanceEvent } from '../src/hotel/attendance/attendance.event.ts'
import { lateMinutes, nearestShift } from '../src/hotel/attendance/lateness.rules.ts'
import { toInstant } from '../src/platform/time/local-time.ts'

const TIMEZONE = 'Asia/Ho_Chi_Minh'
const databaseUrl = process.env.DATABASE_URL ?? ''
const always = process.env.MODE === 'four'
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })

async function validate(event: AttendanceEvent): Promise<AttendanceEvent> {
  if (event.confidence < 0.7) throw new Error('low confidence')
  return event
}

async function logAttendance(event: AttendanceEvent): Promise<number> {
  const { rows } = await pool.query(
    `insert into attendance_logs (employee_id, timestamp, action, camera_id, confidence)
     values ($1, $2, $3, $4, $5) returning id`,
    [event.employee_id, event.timestamp, event.action, event.camera_id, event.confidence],
  )
  return Number(rows[0].id)
}

async function checkIfLate(event: AttendanceEvent): Promise<number> {
  const { rows } = await pool.query(
    'select day_of_week as "dayOfWeek", start_time as start, end_time as end from employee_schedules where employee_id = $1',
    [event.employee_id],
  )
  const at = toInstant(event.timestamp, TIMEZONE)
  const shift = nearestShift(at, rows, TIMEZONE)
  return shift ? lateMinutes(at, shift, 5) : 0
}

async function notifySupervisor(event: AttendanceEvent, late: number): Promise<void> {
  if (late === 0) return
  const { rows } = await pool.query(
    `select e.name, e.department, s.slack_user_id from employees e join supervisors s using (department) where e.id = $1`,
    [event.employee_id],
  )
  const text = `Late Check-in Alert: ${rows[0]?.name}, ${late} minutes, ${rows[0]?.department}`
  await pool.query('insert into bare_notifications (recipient, body) values ($1, $2)', [
    rows[0]?.slack_user_id ?? 'nobody',
    text,
  ])
}

async function processAttendance(event: AttendanceEvent) {
  await DBOS.runStep(() => validate(event), { name: 'validate_attendance_event' })
  const logId = await DBOS.runStep(() => logAttendance(event), { name: 'log_attendance_to_db' })
  const late = await DBOS.runStep(() => checkIfLate(event), { name: 'check_if_late' })
  if (always || late > 0)
    await DBOS.runStep(() => notifySupervisor(event, late), { name: 'notify_supervisor' })
  return { log_id: logId, is_late: late > 0, status: 'completed' }
}

const flow = DBOS.registerWorkflow(processAttendance, { name: 'process_attendance' })
DBOS.setConfig({ name: 'bare-dbos', systemDatabaseUrl: databaseUrl, logLevel: 'error' })
await DBOS.launch()
await pool.query(
  'create table if not exists bare_notifications (id serial primary key, recipient text, body text)',
)

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', async () => {
    const event = AttendanceEvent.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')))
    const workflowID = String(request.headers['idempotency-key'])
    await DBOS.startWorkflow(flow, { workflowID })(event)
    response.writeHead(202, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ event_id: workflowID, flow_run_id: workflowID }))
  })
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number }
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`)
})
process.on('SIGTERM', () => process.exit(0))
