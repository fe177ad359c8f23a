/** Why a start failed: something for the person who starts it to mend, or a bug of ours. */
import { BadSetting } from '../config.ts'
import { EmbeddedPostgresError } from '../platform/postgres/embedded/embedded-error.ts'
import { MigrationError } from '../platform/postgres/migration-plan.ts'
import { BadDeployments } from '../platform/schedules/deployments/deployment-error.ts'
import { OpenToOthers } from './access.ts'

const THEIRS = [BadSetting, OpenToOthers, MigrationError, EmbeddedPostgresError, BadDeployments]

/** What the system and PostgreSQL answer to a wrong PORT or DATABASE_URL, and what to do about it. */
const REMEDIES: Record<string, string> = {
  EADDRINUSE: 'Set PORT to a free one.',
  ECONNREFUSED: 'Check that the database runs and that DATABASE_URL is right.',
  ENOTFOUND: 'Check DATABASE_URL.',
  // Wrong user or password.
  '28P01': 'Check DATABASE_URL.',
  // No such database.
  '3D000': 'Check DATABASE_URL.',
  // No such role, one that may not log in, or no line for it in pg_hba.conf.
  28000: 'Create the role or let it in, or check DATABASE_URL.',
  // Insufficient privilege.
  42501: 'Grant it to the role of DATABASE_URL, or run "prefect-service migrate" as a role that may.',
  // Too many connections.
  53300: 'Raise max_connections of the database, or lower DATABASE_POOL_SIZE.',
  53100: 'The disk of the database is full: make room.',
  // Starting up, or shutting down.
  '57P03': 'Start again when the database is ready.',
  EAI_AGAIN: 'Check DATABASE_URL, and that names can be looked up here.',
  ETIMEDOUT: 'Check DATABASE_URL, and what stands between.',
  EHOSTUNREACH: 'Check DATABASE_URL, and what stands between.',
  EACCES: 'Set PORT to 1024 or above, or start with the right to listen below.',
  EADDRNOTAVAIL: 'Set HOST to an address of this machine.',
}

/** Lines for standard error: what happened and what to change; with the stack when nothing is known to change. */
export function startErrorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as { code?: unknown }
  const remedy = typeof code === 'string' ? REMEDIES[code] : undefined
  if (remedy !== undefined) return `${messageOf(error)}. ${remedy}`
  if (THEIRS.some((kind) => error instanceof kind)) return error.message
  return error.stack ? `${messageOf(error)}\n${error.stack}` : messageOf(error)
}

/** A name with several addresses fails once for each, as one error without text. */
function messageOf(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined
  return error.message || (first instanceof Error && first.message) || error.name
}
