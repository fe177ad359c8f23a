import type { z } from 'zod'
import type { DatabaseDeps, HotelDeps, OutsideDeps } from '../../../../src/hotel/deps.ts'
import type { HotelRules } from '../../../../src/hotel/hotel-rules.ts'
import type { GuestMessageDeps } from '../../../../src/hotel/messages/guest-messages.tasks.ts'
import type { FlowDefinition } from '../../../../src/platform/engine/flow.ts'
import { InMemoryEngine } from '../../../../src/platform/engine/in-memory.ts'
import type { StaffMessageDeps } from '../../../../src/platform/notifications/staff-messages.ts'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import { sandboxDeps } from '../../../support/sandbox-deps.ts'

export type StaffDeps = DatabaseDeps &
  HotelDeps &
  Pick<OutsideDeps, 'llm'> &
  StaffMessageDeps &
  GuestMessageDeps

/** Of a wait that is to end by itself, in minutes: 150 ms. */
export const AT_ONCE = 0.0025

/** Every channel is a sandbox, and there is no LLM, unless given. */
export async function staffDeps(
  database: Database,
  hotel: Partial<HotelRules> = {},
  given: Partial<StaffDeps> = {},
): Promise<StaffDeps> {
  return { ...(await sandboxDeps(database, hotel)), ...given }
}

export function engineOn(deps: StaffDeps & { database: Database }): InMemoryEngine<StaffDeps> {
  const { database } = deps
  return new InMemoryEngine<StaffDeps>({ deps, transaction: (run) => database.transaction(run) })
}

let runs = 0

/** Starts a run under an id of its own. */
export async function start<Parameters extends z.ZodType>(
  engine: InMemoryEngine<StaffDeps>,
  flow: FlowDefinition<StaffDeps, Parameters, unknown>,
  parameters: z.input<Parameters>,
): Promise<string> {
  const runId = `fr_staff_${runs++}`
  await engine.start({ runId, flow, parameters })
  return runId
}

/** Housekeeping, Engineering and Security have a supervisor each. */
export async function addSupervisors(database: Database): Promise<void> {
  await database.query(
    `insert into supervisors (department, slack_user_id)
     values ('Housekeeping', 'U0HOUSE'), ('Engineering', 'U0ENGIN'), ('Security', 'U0SECUR')`,
  )
}

export interface Message {
  channel: string
  recipient: string
  template: string
  status: string
  body: string
}

/** What was told of the run or its children, in order. */
export function messages(database: Database, template?: string): Promise<Message[]> {
  return database.query<Message>(
    `select channel, recipient, template, status, body from prefect.notifications
     where $1::text is null or template = $1 order by created_at, channel`,
    [template ?? null],
  )
}
