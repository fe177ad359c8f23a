/**
 * `npm run demo`: the service on its embedded PostgreSQL, a hotel that lives through its days in minutes, and every service
 * it talks to. DEMO_SPEED: hotel seconds per second (600). Settings of the service (PORT, RABBITMQ_URL, ...) hold as well.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type App, startApp } from '../src/app/app.ts'
import { stopWhenAsked } from '../src/app/shutdown.ts'
import { readConfig } from '../src/config.ts'
import { explainStart } from '../src/main.ts'
import { BASE } from '../src/platform/contract/api.ts'
import { createLogger } from '../src/platform/observability/logger.ts'
import { type Database, openPool } from '../src/platform/postgres/pool.ts'
import { addDays, atLocal, localDate } from '../src/platform/time/local-time.ts'
import { startCameras } from './hotel/cameras.ts'
import { openSender } from './hotel/event-sender.ts'
import { startFrontDesk } from './hotel/front-desk.ts'
import { seedHotel } from './hotel/hotel.ts'
import { createHotelClock } from './hotel/hotel-clock.ts'
import { seededRandom } from './hotel/seeded-random.ts'
import { planHouse, type Room, seedStays } from './hotel/stays.ts'
import { fillPropertySystem, inPropertySystem, startOutsideWorld, takeUnannounced } from './outside-world.ts'
import { readFigures, showSummary } from './terminal.ts'

/** Hotel clock at which each day begins: before the first shift, while the night shift is still in. */
const WAKE_UP = '04:40'

async function demo(): Promise<void> {
  const speed = Number(process.env.DEMO_SPEED ?? 600)
  const clock = createHotelClock(speed)
  const { HOTEL_TIMEZONE: timezone } = readConfig(process.env)
  const world = await startOutsideWorld(timezone)
  const config = readConfig({
    DATA_DIR: join('.data', 'demo'),
    HOTEL_NAME: 'Khách sạn Sông Hương',
    ...hurried(speed),
    ...process.env,
    ...world.settings,
  })
  mkdirSync(config.DATA_DIR, { recursive: true })
  const logFile = join(config.DATA_DIR, 'service.log')
  process.stdout.write('Starting the service, its database and a hotel …\n')
  const house = { from: '', rooms: [] as Room[] }
  const app = await startApp(config, createLogger(config.LOG_LEVEL, logFile), {
    now: clock.now,
    scheduleClock: clock,
    // Before the schedules are looked at: they go by the hotel's clock.
    prepare: async (sql) => {
      Object.assign(house, await openHotel(sql, timezone))
      await fillPropertySystem(world.pms, sql, house.rooms)
      clock.begin(atLocal(house.from, WAKE_UP, timezone))
    },
  })
  const { from, rooms } = house
  const database = openPool({ url: app.databaseUrl, max: 4, applicationName: 'prefect-demo' })
  const before = await readFigures(database)
  const sender = await openSender(app.url, config.RABBITMQ_URL)
  const cameras = await startCameras({ sql: database, clock, sender, timezone, from })
  const frontDesk = startFrontDesk({
    ...{ sql: database, serviceUrl: app.url, clock, sender, timezone, rooms, from },
    inPropertySystem: (body) => inPropertySystem(world.pms, body),
    takeUnannounced: (roomNumber, date) => takeUnannounced(world.pms, roomNumber, date),
    sellAgain: (bookingId) => world.pms.soldAgain.add(bookingId),
  })
  greet(app, logFile, before.completed)
  const sent = () => cameras.sent + frontDesk.sent
  const stopSummary = showSummary({ sql: database, clock, via: sender.via, sent, smtp: world.smtp, timezone })

  stopWhenAsked(config.SHUTDOWN_GRACE_SECONDS, async () => {
    stopSummary()
    process.stdout.write('\nStopping …\n')
    await Promise.all([cameras.stop(), frontDesk.stop()])
    await sender.close()
    await database.close()
    await app.close()
    await world.close()
  })
}

/** What people wait for in minutes must pass as quickly as the hotel's clock. */
function hurried(speed: number): Record<string, string> {
  const minutes = (hotel: number) => String(Math.max(0.01, Math.round((hotel / speed) * 1000) / 1000))
  return {
    ROOM_READY_DELAY_SECONDS: '0',
    QUIET_HOURS: '00:00-00:00',
    GUEST_REQUEST_MINUTES: minutes(30),
    ANOMALY_ACKNOWLEDGE_MINUTES: minutes(15),
    DUTY_MANAGER_SLACK: 'U0DUTY0001',
    DUTY_MANAGER_PHONE: '+84901234567',
  }
}

/** The day after the last one on record, so that a second start continues the history; a new hotel begins a week ago. */
async function openHotel(sql: Database, timezone: string): Promise<{ from: string; rooms: Room[] }> {
  await seedHotel(sql)
  const [last] = await sql.query<{ at: Date | null }>(
    'select max(shift_date)::timestamp at time zone $1 as at from attendance_logs',
    [timezone],
  )
  const from = last?.at
    ? addDays(localDate(last.at, timezone), 1)
    : addDays(localDate(new Date(), timezone), -7)
  const rooms = await sql.query<Room>('select room_number, room_type from rooms order by room_number')
  await seedStays(sql, planHouse(from, rooms, seededRandom(`house ${from}`)))
  return { from, rooms }
}

function greet({ url }: App, logFile: string, completed: number): void {
  const base = `${url}${BASE}`
  const lines = [
    '',
    `  Prefect Service is up at ${url}${completed > 0 ? `, with ${completed} runs of earlier starts` : ''}`,
    '',
    `  API, to try out       ${url}/docs`,
    `  Latest runs           ${base}/workflows/list`,
    `  All about room 508    ${base}/workflows/list?subject=room:508`,
    `  Schedules             ${base}/schedule/list`,
    `  Waits for a person    ${base}/inbox`,
    `  Audit trail           ${base}/events`,
    `  Messages              ${base}/notifications`,
    `  Health                ${base}/health`,
    `  Metrics               ${url}/metrics`,
    `  Log                   ${logFile}`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

await demo().catch(explainStart)
