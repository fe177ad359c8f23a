import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HotelDeps, StorageDeps } from '../../../../src/hotel/deps.ts'
import { assignCleaning } from '../../../../src/hotel/housekeeping/assign-cleaning.flow.ts'
import type {
  CleaningOutcome,
  CleaningRequest,
} from '../../../../src/hotel/housekeeping/cleaning-request.parameters.ts'
import { InMemoryEngine } from '../../../../src/platform/engine/in-memory.ts'
import { createGuard } from '../../../../src/platform/outbound/service-guard.ts'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import { createStorage } from '../../../../src/platform/storage/flydrive.ts'
import { HOTEL } from '../../../support/hotel-rules.ts'

/** A Friday. */
export const TODAY = '2025-01-17'

let runs = 0

/** Where the day's lists are kept as files. */
export const FOLDER = mkdtempSync(join(tmpdir(), 'cleaning-lists-'))
export const storage = createStorage({
  dataDir: FOLDER,
  guard: createGuard({ service: 'storage', timeoutMs: 5_000 }),
})

/** One run of `assign_cleaning` on the database; its result. */
export async function assign(
  database: Database,
  request: Partial<CleaningRequest> = {},
  hotel: HotelDeps['hotel'] = HOTEL,
): Promise<CleaningOutcome> {
  const engine = new InMemoryEngine<HotelDeps & StorageDeps>({
    deps: { hotel, storage },
    transaction: (run) => database.transaction(run),
  })
  const runId = `fr_cleaning_${runs++}`
  await engine.start({ runId, flow: assignCleaning, parameters: { business_date: TODAY, ...request } })
  const { status, result, error } = await engine.ended(runId)
  if (status !== 'completed') throw new Error(`${status}: ${error?.message}`)
  return result as CleaningOutcome
}

export async function addRoom(
  database: Database,
  number: string,
  given: { status?: string; service?: string; floor?: number } = {},
): Promise<void> {
  await database.query('insert into rooms (room_number, floor, status, service) values ($1, $2, $3, $4)', [
    number,
    given.floor ?? 2,
    given.status ?? 'clean',
    given.service ?? null,
  ])
}

/** A booking of the room; dates 'MM-DD' of 2025. */
export async function book(
  database: Database,
  room: string,
  [from, to]: [string, string],
  given: { status?: string; expected?: string; vip?: boolean } = {},
): Promise<void> {
  const { status = 'checked_in', expected = null, vip = false } = given
  await database.query(
    `insert into bookings (id, room_number, check_in_date, check_out_date, status, expected_arrival, vip)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [`B${room}_${from}`, room, `2025-${from}`, `2025-${to}`, status, expected, vip],
  )
}

export interface TaskLine {
  room_number: string
  kind: string
  status: string
  assigned_to: string | null
  position: number | null
  minutes: number
}

/** The date's tasks by room, oldest first. */
export function tasksOf(database: Database, date = TODAY): Promise<TaskLine[]> {
  return database.query<TaskLine>(
    `select room_number, kind, status, assigned_to, position, minutes from prefect.housekeeping_tasks
     where business_date = $1 order by room_number, id`,
    [date],
  )
}
