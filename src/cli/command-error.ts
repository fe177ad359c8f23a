/** What goes wrong in a command, as lines a person can act on. Never a stack. */
import { isDiskFull, isOutage } from '../platform/postgres/outage.ts'

/** Ends the command with exit code 1. The message's first line says what happened and what to do; more may follow. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly code = 'command_failed'
}

const NO_TABLE = '42P01'
const NO_COLUMN = '42703'
const NO_SCHEMA = '3F000'
const NO_DATABASE = '3D000'
/** Wrong user or password, or not allowed in. */
const NOT_LET_IN = /^28/

/** Any thrown thing as text for standard error. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = (error as { code?: unknown }).code
  if (code === NO_TABLE || code === NO_COLUMN || code === NO_SCHEMA) {
    return 'The database does not have this service\'s tables: run "prefect-service migrate" first.'
  }
  if (code === NO_DATABASE || (typeof code === 'string' && NOT_LET_IN.test(code))) {
    return `The database refused the connection (${error.message}): check DATABASE_URL.`
  }
  if (isDiskFull(error))
    return `The disk of the database is full (${error.message}): make room, then try again.`
  if (isOutage(error)) {
    return `The database does not answer (${reasonOf(error)}): check that it runs and that DATABASE_URL is right.`
  }
  return error.message || error.name
}

/** The cause furthest down, which names the address; `localhost` fails once per address, as one error without text. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (error.cause instanceof Error) return reasonOf(error.cause)
  return error.message || error.name
}
