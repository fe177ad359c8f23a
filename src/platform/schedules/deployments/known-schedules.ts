/** The schedules there are, as a deploy compares them. */
import { ScheduleDefinition } from '../../contract/schedule.ts'
import type { Sql } from '../../postgres/sql.ts'
import type { Known } from './deployment-plan.ts'

interface KnownRow extends Pick<Known, 'id' | 'slug' | 'origin' | 'version'> {
  definition: unknown
  applied: unknown
  active: boolean
  paused_by: string | null
  pause_note: string | null
  deleted_at: Date | null
  updated_by: string | null
}

/** All that are there, and those made by a file and deleted by a person: these are the ones that still say what was applied. */
export async function readKnown(sql: Sql): Promise<Known[]> {
  const rows = await sql.query<KnownRow>(
    `select distinct on (slug) id, slug, origin, version, definition, applied, active, paused_by, pause_note, deleted_at,
       updated_by
     from prefect.schedules where deleted_at is null or (origin = 'file' and applied is not null)
     order by slug, deleted_at desc nulls first`,
  )
  return rows.map(knownOf)
}

function knownOf({ active, paused_by, pause_note, deleted_at, updated_by, ...row }: KnownRow): Known {
  return {
    ...row,
    definition: completed(row.definition),
    applied: row.applied === null ? null : completed(row.applied),
    paused: active ? null : { by: paused_by, note: pause_note },
    deleted: deleted_at && { by: updated_by, at: deleted_at },
  }
}

/** With the defaults of fields that came after it was written. */
function completed(definition: unknown): ScheduleDefinition {
  const parsed = ScheduleDefinition.safeParse(definition)
  return parsed.success ? parsed.data : (definition as ScheduleDefinition)
}

export async function rememberApplied(sql: Sql, id: string, applied: ScheduleDefinition): Promise<void> {
  await sql.query('update prefect.schedules set applied = $2 where id = $1', [id, JSON.stringify(applied)])
}

/** What is deleted from here on, or was, is made again when a file declares it. */
export async function forgetApplied(sql: Sql, slug: string): Promise<void> {
  await sql.query('update prefect.schedules set applied = null where slug = $1', [slug])
}
