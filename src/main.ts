/** Reads the settings, starts the service, and stops it when asked to. */
import { startApp } from './app.ts'
import { BadSetting, likelyMisspellings, readConfig } from './config.ts'
import { createLogger } from './observability/logger.ts'
import { stopWhenAsked } from './shutdown.ts'

export async function main(environment: NodeJS.ProcessEnv): Promise<void> {
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

/** One line that names what to change, and no stack for what is not our bug. */
export function explainStart(error: unknown): never {
  const expected = error instanceof BadSetting || (error instanceof Error && 'code' in error)
  let message = error instanceof Error ? error.message || error.name : String(error)
  if ((error as { code?: unknown }).code === 'EADDRINUSE') message += '. Set PORT to a free one.'
  process.stderr.write(`prefect-service: ${message}\n`)
  if (!expected && error instanceof Error && error.name !== 'OpenToOthers')
    process.stderr.write(`${error.stack}\n`)
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
