import { type Config, readConfig } from '../config.ts'

/**
 * The environment of a command: what is set, then `preferred` where nothing is, then a file named .env. So a `worker`
 * next to the service does not take over the roles and the port that .env gives the service.
 */
export function loadEnvironment(preferred: Record<string, string> = {}): NodeJS.ProcessEnv {
  for (const [name, value] of Object.entries(preferred)) process.env[name] ||= value
  try {
    process.loadEnvFile('.env')
  } catch {
    // There need not be one.
  }
  return process.env
}

/** The service's own settings, for the commands that speak to its database. Throws BadSetting. */
export function loadConfig(): Config {
  return readConfig(loadEnvironment())
}
