/**
 * Another service hangs, fails, or asks for a rest. What does not need it must not notice; what needs it waits and is
 * not lost. By default two of the services at once, CRASH_LONG=1: each of them. Every figure compares two times of one run.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seedHotel } from '../../simulators/hotel/hotel.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { SLACK_AWAY } from '../support/planned-warnings.ts'
import { type ServiceProcess, startService } from '../support/service-process.ts'
import { startStreams } from './hotel-streams.ts'
import { emailOf } from './hotel-traffic.ts'
import { type Outside, type ServiceName, startOutside, type Trouble } from './outside.ts'

const ALL = ['slack', 'email', 'sms', 'llm', 'ml', 'cv', 'pms'] as const
/** Broken one group after the other. */
const GROUPS: readonly (readonly ServiceName[])[] =
  process.env.CRASH_LONG === '1' ? ALL.map((name) => [name]) : [['ml', 'email']]
const BROKEN = GROUPS.flat()
const TROUBLES: readonly Trouble[] = ['hang', '503', '429']
const OUTAGE_MS = 7_000
const WELL_MS = 5_000
/** Below it a ratio of two latencies says more about the machine's neighbours than about the service. */
const LEAST_MS = 250

let db: TestDatabase
let outside: Outside
let service: ServiceProcess

beforeAll(async () => {
  db = await createTestDatabase()
  await seedHotel(db.database)
  outside = await startOutside()
  const environment = {
    ...outside.settings,
    DATABASE_URL: db.url,
    LOG_LEVEL: 'warn',
    ROOM_READY_DELAY_SECONDS: '0',
    // None, whatever the time of day the test runs at.
    QUIET_HOURS: '00:00-00:00',
  }
  service = await startService(environment, { planned: [SLACK_AWAY] })
})
afterAll(async () => {
  await service?.stop()
  await outside?.close()
  await db?.drop()
})

test('what needs no broken service goes on as before, what needs it completes afterwards', async () => {
  const streams = await startStreams(service, db.database, outside)
  const circuits = watchCircuits()
  await delay(3_000)
  const calls: Record<string, number> = {}
  for (const [round, trouble] of TROUBLES.entries()) {
    streams.label(`well ${round + 1}`)
    await delay(WELL_MS)
    for (const group of GROUPS) {
      const names = group.join(' and ')
      streams.label('between')
      await recovered(names)
      for (const name of group) streams.include(name)
      const before = callsTo(group)
      streams.label(`${names} ${trouble}`)
      for (const name of group) outside.services[name].behave(trouble)
      await delay(OUTAGE_MS)
      for (const name of group) outside.services[name].behave('ok')
      const after = callsTo(group)
      for (const name of counted(group))
        calls[`${name} ${trouble}`] = (after[name] ?? 0) - (before[name] ?? 0)
    }
  }
  streams.label('after')
  await streams.stop()
  const started = performance.now()
  const runs = await eventually('every run to end', allEnded, 90)
  const settled_s = (performance.now() - started) / 1000
  const measured = await latencies(streams.undisturbed)
  const ratios = ratiosOf(measured, 'median')
  const figures = {
    ms: measured,
    p95_ratios: ratiosOf(measured, 'p95'),
    median_ratios: ratios,
    calls,
    opened: circuits.opened(),
    sent: streams.sent(),
    runs,
    settled_s,
  }
  process.stdout.write(`crash figures ${JSON.stringify({ test: 'slow services', ...figures })}\n`)

  expect(runs.not_completed).toBe(0)
  expect(circuits.opened()).toEqual(expect.arrayContaining([...BROKEN]))
  await eventually('every circuit to be closed', () => BROKEN.every((name) => circuits.now(name) === 0))
  circuits.stop()
  expect(await unsent()).toEqual([])
  expectOnce(streams.sent())
  expectLeftAlone(calls)
  // The median: on a busy machine a p95 is its neighbours'. Places taken by what hangs would make seconds of both.
  for (const [when, ratio] of Object.entries(ratios)) expect(ratio, when).toBeLessThan(4)
})

/** Those whose calls somebody counts. */
const counted = (names: readonly ServiceName[]) =>
  names.filter((name) => outside.services[name].calls() !== undefined)

function callsTo(names: readonly ServiceName[]): Partial<Record<ServiceName, number>> {
  return Object.fromEntries(counted(names).map((name) => [name, outside.services[name].calls()]))
}

/** Patience is not without end: one trouble of these services is over before their next. */
async function recovered(names: string): Promise<void> {
  const open = async () => {
    const rows = await db.database.query(
      `select 1 from prefect.events e join prefect.flow_run_states s on s.event_id = e.id
       where e.sender_key like $1 and s.status not in ('completed', 'failed', 'cancelled', 'crashed') limit 1`,
      [`${names} %`],
    )
    return rows.length === 0
  }
  await eventually(`what needs ${names} to complete`, open, 90)
}

async function allEnded() {
  const [row] = await db.database.query<{ all: number; open: number; not_completed: number }>(
    `select count(*)::int as all,
            count(*) filter (where status not in ('completed', 'failed', 'cancelled', 'crashed'))::int as open,
            count(*) filter (where status <> 'completed')::int as not_completed
     from prefect.flow_run_states`,
  )
  return row?.open === 0 ? row : undefined
}

interface Latency {
  median: number
  p95: number
}

/** Milliseconds from the event's arrival to its run's end, by label. */
async function latencies(streams: readonly string[]): Promise<Record<string, Latency>> {
  const rows = await db.database.query<Latency & { label: string }>(
    `select label, round(percentile_cont(0.5) within group (order by ms))::int as median,
            round(percentile_cont(0.95) within group (order by ms))::int as p95
     from (select split_part(e.sender_key, ':', 1) as label, e.received_at,
                  (extract(epoch from s.completed_at - e.received_at) * 1000)::float8 as ms
           from prefect.events e join prefect.flow_run_states s on s.event_id = e.id and s.parent_run_id is null
           where split_part(e.sender_key, ':', 2) = any ($1)) undisturbed
     group by 1 order by min(received_at)`,
    [streams],
  )
  return Object.fromEntries(rows.map(({ label, ...latency }) => [label, latency]))
}

/** Each trouble beside the middle one of the times when all was well. */
function ratiosOf(measured: Record<string, Latency>, of: keyof Latency): Record<string, number> {
  const labelled = Object.entries(measured).map(([label, latency]) => [label, latency[of]] as const)
  const well = labelled.filter(([label]) => label.startsWith('well ')).map(([, ms]) => ms)
  const usual = Math.max(well.sort((a, b) => a - b)[Math.floor(well.length / 2)] ?? 0, LEAST_MS)
  const troubled = labelled.filter(([label]) => TROUBLES.some((trouble) => label.endsWith(` ${trouble}`)))
  return Object.fromEntries(troubled.map(([label, ms]) => [label, Number((ms / usual).toFixed(2))]))
}

/** Left alone when it fails and when it asks for a rest: far fewer calls than the 56 that need it in one outage. */
function expectLeftAlone(calls: Record<string, number>): void {
  for (const name of counted(BROKEN)) {
    for (const trouble of ['503', '429']) expect(calls[`${name} ${trouble}`], name).toBeLessThan(28)
  }
}

/** Messages that were to go out and did not. */
function unsent() {
  return db.database.query(
    `select channel, template, status, count(*)::int as n from prefect.notifications
     where status <> 'sent' group by 1, 2, 3`,
  )
}

/** One message to each guest, as the guest sees it. Slack takes no key: a supervisor may be told twice. */
function expectOnce({ booking = 0, text = 0 }: Record<string, number>): void {
  const mails = Array.from({ length: booking }, (_, n) => outside.smtp.mailbox(emailOf(n)).length)
  expect(mails.filter((count) => count !== 1)).toEqual([])
  expect(outside.twilio.messages.length).toBe(text)
}

/** What the service's own metric says of its circuits. */
function watchCircuits() {
  const now = new Map<string, number>()
  const opened = new Set<string>()
  const look = async () => {
    const answer = await fetch(`${service.url}/metrics`)
    for (const [, name = '', value] of (await answer.text()).matchAll(
      /^prefect_circuit_open\{service="(\w+)"\} (\S+)$/gm,
    )) {
      now.set(name, Number(value))
      if (value === '1') opened.add(name)
    }
  }
  const timer = setInterval(() => void look().catch(() => {}), 250).unref()
  return {
    now: (name: string) => now.get(name),
    opened: () => [...opened],
    stop: () => clearInterval(timer),
  }
}
