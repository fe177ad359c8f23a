/**
 * `npm run demo`: the service on its embedded PostgreSQL, a seeded hotel, cameras at the staff door, a Slack of its own.
 * DEMO_SPEED: hotel seconds per second (900). Settings of the service (PORT, RABBITMQ_URL, ...) hold here as well.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type App, startApp } from '../src/app/app.ts'
import { readConfig } from '../src/config.ts'
import { BASE } from '../src/contract/api.ts'
import { openPool } from '../src/db/pool.ts'
import { explainStart } from '../src/main.ts'
import { createLogger } from '../src/observability/logger.ts'
import { stopWhenAsked } from '../src/shutdown.ts'
import { startCameras } from './cameras.ts'
import { seedHotel } from './hotel.ts'
import { startSlackSimulator } from './slack.ts'
import { readFigures, showSummary } from './terminal.ts'

async function demo(): Promise<void> {
  const slack = await startSlackSimulator()
  const config = readConfig({
    DATA_DIR: join('.data', 'demo'),
    ...process.env,
    SLACK_BOT_TOKEN: 'xoxb-demo',
    SLACK_API_URL: slack.url,
  })
  mkdirSync(config.DATA_DIR, { recursive: true })
  const logFile = join(config.DATA_DIR, 'service.log')
  process.stdout.write('Starting the service, its database and a hotel …\n')
  const app = await startApp(config, createLogger(config.LOG_LEVEL, logFile))
  const database = openPool({ url: app.databaseUrl, max: 3, applicationName: 'prefect-demo' })
  await seedHotel(database)
  const before = await readFigures(database)
  const cameras = await startCameras({
    sql: database,
    serviceUrl: app.url,
    rabbitmqUrl: config.RABBITMQ_URL,
    timezone: config.HOTEL_TIMEZONE,
    speed: Number(process.env.DEMO_SPEED ?? 900),
  })
  greet(app, logFile, before.completed)
  const { HOTEL_TIMEZONE: timezone } = config
  const stopSummary = showSummary({ sql: database, cameras, slack: slack.messages, timezone })

  stopWhenAsked(config.SHUTDOWN_GRACE_SECONDS, async () => {
    stopSummary()
    process.stdout.write('\nStopping …\n')
    await cameras.stop()
    await database.close()
    await app.close()
    await slack.close()
  })
}

function greet({ url }: App, logFile: string, completed: number): void {
  const base = `${url}${BASE}`
  const lines = [
    '',
    `  Prefect Service is up at ${url}${completed > 0 ? `, with ${completed} runs of earlier starts` : ''}`,
    '',
    `  API, to try out       ${url}/docs`,
    `  Latest runs           ${base}/workflows/list`,
    `  Audit trail           ${base}/events`,
    `  Messages              ${base}/notifications`,
    `  Health                ${base}/health`,
    `  Metrics               ${url}/metrics`,
    `  Log                   ${logFile}`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

await demo().catch(explainStart)
