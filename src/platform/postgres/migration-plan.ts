/** What a database has of the migrations, what it lacks, and whether they can be applied. */
import { folderOf, type MigrationFile, migrationNames } from './migration-files.ts'
import type { Sql } from './sql.ts'

/**
 * Codes: `migration_changed`, `database_newer`, `migration_blocked`, `database_unfit`. The message says what to do, in a
 * line for each thing.
 */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export const MIGRATIONS_TABLE = `create table if not exists public.prefect_migrations (
  name text primary key, checksum text not null, applied_at timestamptz not null default clock_timestamp())`

const NO_TABLE = '42P01'

interface AppliedMigration {
  name: string
  checksum: string
}

export async function readApplied(sql: Sql): Promise<AppliedMigration[]> {
  try {
    return await sql.query<AppliedMigration>(
      'select name, checksum from public.prefect_migrations order by name',
    )
  } catch (error) {
    if ((error as { code?: unknown }).code === NO_TABLE) return []
    throw error
  }
}

/** What is still to be applied, by name; one query, cheap enough for a readiness probe. */
export async function pendingMigrations(database: Sql, directory?: URL | string): Promise<string[]> {
  const names = await migrationNames(folderOf(directory))
  const known = new Set((await readApplied(database)).map((row) => row.name))
  return names.filter((name) => !known.has(name))
}

/** The files to apply, in order. @throws MigrationError when the database is not one that this build can bring forward. */
export function missingOf(
  files: readonly MigrationFile[],
  applied: readonly AppliedMigration[],
): MigrationFile[] {
  const known = new Map(files.map((file) => [file.name, file]))
  const unknown = applied.filter((row) => !known.has(row.name)).map((row) => row.name)
  if (unknown.length > 0) {
    throw new MigrationError(
      'database_newer',
      `This build is older than the database, which has ${unknown.join(', ')}. Start the build that applied it, or a newer one.`,
    )
  }
  for (const { name, checksum } of applied) {
    const file = known.get(name)
    if (file?.checksum !== checksum && !file?.former.includes(checksum)) {
      throw new MigrationError(
        'migration_changed',
        `The migration ${name} was applied in another version. Put the file back as it was; changes go into a new file.`,
      )
    }
  }
  const done = new Set(applied.map((row) => row.name))
  return files.filter((file) => !done.has(file.name))
}

/** What the role may not do that the files to come need: schemas of our own, and tables beside the hotel's. */
export async function refusalsToCreate(sql: Sql, pending: readonly string[]): Promise<string[]> {
  if (pending.length === 0) return []
  const [may] = await sql.query<{ role: string; database: string; schemas: boolean; tables: string[] }>(
    `select current_user as role, current_database() as database,
            has_database_privilege(current_database(), 'CREATE')
              or (select count(*) = 2 from pg_namespace
                  where nspname in ('prefect', 'dbos') and pg_has_role(nspowner, 'USAGE')) as schemas,
            array(select distinct name from unnest(array['public', current_schema()::text]) name
                  where name is not null and not has_schema_privilege(name, 'CREATE')) as tables`,
  )
  if (!may) return []
  const grant = (what: string) =>
    `The role "${may.role}" may not create ${what} to it, or run "prefect-service migrate" as one that may.`
  return [
    ...(may.schemas
      ? []
      : [grant(`schemas in the database "${may.database}": grant create on the database`)]),
    ...may.tables.map((schema) => grant(`tables in the schema "${schema}": grant create on the schema`)),
  ]
}
