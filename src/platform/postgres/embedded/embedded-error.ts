/** The embedded PostgreSQL cannot be had here. The message says why, and what to change. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
  readonly code = 'embedded_postgres'
}
