/** Reads the settings, starts the service, and stops it when asked to. */
import { setFlagsFromString } from 'node:v8'
import { startApp } from './app/app.ts'
import { stopWhenAsked } from './app/shutdown.ts'
import { startErrorText } from './app/start-error.ts'
import { likelyMisspellings, readConfig } from './config.ts'
import { createLogger } from './platform/observability/logger.ts'

/** Resolves when the service listens; from then on signals stop it. Throws BadSetting, and what startApp throws. */
export async function main(environment: NodeJS.ProcessEnv): Promise<void> {
  // By default V8 lets garbage grow to several times what is alive; half as much again keeps us small and costs no speed.
  setFlagsFromString('--heap-growing-percent=50')
  const config = readConfig(environment)
  const logger = createLogger(config.LOG_LEVEL)
  for (const { name, meant } of likelyMisspellings(environment)) {
    logger.warn({ variable: name }, `unknown setting ${name}: did you mean ${meant}?`)
  }
  const starting = startApp(config, logger)
  stopWhenAsked(config.SHUTDOWN_GRACE_SECONDS, async (signal) => {
    logger.info({ signal }, 'stopping')
    // Asked to stop while it starts: what was opened is closed in order too.
    await starting.then((app) => app.close())
    logger.info('stopped')
  })
  await starting
}

/** Ends the process with status 1: one line that names what to change, and a stack only for what is our bug. */
export function explainStart(error: unknown): never {
  process.stderr.write(`prefect-service: ${startErrorText(error)}\n`)
  process.exit(1)
}

if (process.argv[1] && import.meta.filename === process.argv[1]) {
  try {
    process.loadEnvFile('.env')
  } catch {
    // There need not be one.
  }
  await main(process.env).catch(explainStart)
}
