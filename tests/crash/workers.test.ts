/**
 * The promise, under fire. Short by default; CRASH_LONG=1 sends ten times as much. CRASH_SEED repeats a run.
 * Figures go to standard output; only what must never happen fails a test.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { seedHotel } from '../../simulators/hotel/hotel.ts'
import { type SlackSimulator, startSlackSimulator } from '../../simulators/services/slack.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { FROZEN, SLACK_AWAY, WORKERS_DIED } from '../support/planned-warnings.ts'
import { openTestBroker } from '../support/service-broker.ts'
import { rabbitmqUrl } from '../support/services.ts'
import { type Crew, postUntilAcknowledged, punch, seededRandom, startCrew, tally } from './crew.ts'

const SEED = Number(process.env.CRASH_SEED ?? 7)
const EVENTS = process.env.CRASH_LONG === '1' ? 10_000 : 1_000
const PLANNED = [WORKERS_DIED, SLACK_AWAY]
const say = (figure: object) => process.stdout.write(`crash figures ${JSON.stringify(figure)}\n`)

let db: TestDatabase
let slack: SlackSimulator
let environment: Record<string, string>
let crew: Crew

beforeEach(async () => {
  db = await createTestDatabase()
  await seedHotel(db.database)
  slack = await startSlackSimulator()
  environment = {
    DATABASE_URL: db.url,
    DATABASE_POOL_SIZE: '10',
    SLACK_BOT_TOKEN: 'xoxb-test',
    SLACK_API_URL: slack.url,
    LOG_LEVEL: 'warn',
  }
})
afterEach(async () => {
  for (const member of crew?.members ?? []) member.signal('SIGCONT')
  await crew?.stop()
  await slack.close()
  await db.drop()
})

/** Every tenth event is a late check-in of a real employee, whose supervisor a slow Slack keeps waiting. */
function event(n: number) {
  if (n % 10 !== 0) return punch(n)
  const day = new Date(Date.UTC(2025, 0, 6) + Math.floor(n / 600) * 86_400_000 + 3.5 * 3_600_000)
  const employee = `EMP${String(((n / 10) % 60) + 1).padStart(3, '0')}`
  return { ...punch(n), employee_id: employee, timestamp: day.toISOString() }
}

async function allEnded(events: number) {
  return eventually(
    'every run to end',
    async () => {
      const now = await tally(db.database)
      return now.ended === events ? now : undefined
    },
    120,
  )
}

/** Resolves when nothing is in the name of a process that was dead before `since`. */
async function resumed(since: string): Promise<void> {
  await eventually(
    'the dead worker’s runs to be taken',
    async () => {
      const stale = await db.database.query(
        `select 1 from dbos.workflow_status s where s.status = 'PENDING' and not exists
           (select from prefect.workers w where w.id = s.executor_id and w.stopped_at is null
              and w.heartbeat_at > clock_timestamp() - interval '5 seconds')
         union all
         select 1 from dbos.workflow_status s join prefect.workers w on w.id = s.executor_id
         where s.status = 'PENDING' and w.heartbeat_at < $1::timestamptz limit 1`,
        [since],
      )
      return stale.length === 0
    },
    60,
  )
}

describe('kill -9', () => {
  test('every acknowledged event has one run that ended, and one punch', async () => {
    const broker = rabbitmqUrl()
    const rabbit = broker ? await openTestBroker(broker) : undefined
    if (broker && rabbit) Object.assign(environment, { RABBITMQ_URL: broker, RABBITMQ_PREFIX: rabbit.prefix })
    slack.behave('slow', { delayMs: 400 })
    crew = await startCrew({ ...environment, LOG_LEVEL: 'info' }, PLANNED)
    const random = seededRandom(SEED)

    let sending = true
    let kills = 0
    const resumeTimes: number[] = []
    const killer = (async () => {
      while (sending) {
        await delay(2_000)
        const victim = Math.floor(random() * 2)
        const at =
          (await db.database.query<{ at: string }>('select clock_timestamp()::text as at'))[0]?.at ?? ''
        const killedAt = performance.now()
        await crew.replace(victim, (member) => member.kill())
        kills += 1
        await resumed(at)
        resumeTimes.push((performance.now() - killedAt) / 1000)
      }
    })()
    const lanes = Array.from({ length: 20 }, async (_, lane) => {
      for (let n = lane; n < EVENTS; n += 20) {
        const key = `crash-${n}`
        if (rabbit && n % 2 === 1) {
          const publish = () => rabbit.publish('attendance', event(n), key)
          await eventually('the broker to take it', () =>
            publish().then(
              () => true,
              () => false,
            ),
          )
        } else {
          await postUntilAcknowledged(crew, event(n), key)
        }
        await delay(random() * 700)
      }
    })
    await Promise.all(lanes)
    sending = false
    await killer
    const now = await allEnded(EVENTS)
    // It would miss its queues.
    await crew.stop()
    await rabbit?.close()

    const late = await db.database.query<{ n: number }>(
      'select count(*)::int as n from attendance_logs where is_late',
    )
    say({
      test: 'kill',
      seed: SEED,
      kills,
      ...now,
      late: late[0]?.n,
      slack: slack.messages.length,
      slowest_resume_s: Math.max(...resumeTimes),
    })
    expect(kills).toBeGreaterThan(3)
    expect(now).toMatchObject({
      events: EVENTS,
      runs: EVENTS,
      runs_per_event: 1,
      punches_per_run: 1,
      not_completed: 0,
    })
    expect(now.punches).toBe(EVENTS)
  })
})

describe('an orderly stop', () => {
  test('SIGTERM strands nothing: what was in progress goes on at once on the other worker', async () => {
    slack.behave('slow', { delayMs: 60_000 })
    crew = await startCrew(environment, PLANNED)
    for (let n = 0; n < 300; n += 10) await postUntilAcknowledged(crew, event(n), `term-${n}`)
    const busy = async () => {
      const rows = await db.database.query<{ id: string; n: number }>(
        `select executor_id as id, count(*)::int as n from dbos.workflow_status where status = 'PENDING' group by 1`,
      )
      return rows.length === 2 ? rows : undefined
    }
    await eventually('both workers to be busy', busy).catch(() => undefined)
    const before = await tally(db.database)
    expect(before.runs - before.ended).toBeGreaterThan(5)
    slack.behave('ok')
    const started = performance.now()
    await crew.replace(0, async (member) => expect(await member.stop()).toBe(0))
    await crew.replace(1, async (member) => expect(await member.stop()).toBe(0))
    const now = await allEnded(30)
    say({ test: 'sigterm', ...now, seconds: (performance.now() - started) / 1000 })
    expect(now).toMatchObject({ events: 30, runs: 30, not_completed: 0, punches_per_run: 1 })
    const dead = await db.database.query(`select 1 from prefect.workers where stopped_at is not null`)
    expect(dead.length).toBe(2)
  })
})

describe('a frozen worker', () => {
  test('SIGSTOP and SIGCONT give one outcome', async () => {
    slack.behave('slow', { delayMs: 3_000 })
    crew = await startCrew(environment, [...PLANNED, FROZEN])
    for (let n = 0; n < 400; n += 10) await postUntilAcknowledged(crew, event(n), `freeze-${n}`)
    await eventually('runs in progress', async () => {
      const [row] = await db.database.query<{ n: number }>(
        `select count(distinct executor_id)::int as n from dbos.workflow_status where status = 'PENDING'`,
      )
      return row?.n ? true : undefined
    })
    for (const member of crew.members) member.signal('SIGSTOP')
    await delay(200)
    crew.members[1]?.signal('SIGCONT')
    await eventually(
      'the other worker to take over',
      async () => {
        const rows = await db.database.query(`select 1 from prefect.flow_runs where recoveries > 0`)
        return rows.length > 0
      },
      30,
    )
    crew.members[0]?.signal('SIGCONT')
    const now = await allEnded(40)
    const told = await db.database.query<{ n: number }>(
      `select count(*)::int as n from prefect.notifications where status = 'sent'`,
    )
    say({
      test: 'freeze',
      ...now,
      told: told[0]?.n,
      slack_calls: slack.calls(),
      slack_messages: slack.messages.length,
    })
    expect(now).toMatchObject({ events: 40, runs: 40, not_completed: 0, punches: 40, punches_per_run: 1 })
  })
})
