import { type ActToUndo, defineTask, defineTransaction } from '../../platform/engine/flow.ts'
import { idFrom } from '../../platform/engine/ids.ts'
import { BRIEF_RETRY, STORE_RETRY, UNDO_RETRY } from '../../platform/engine/retries.ts'
import type { Sql } from '../../platform/postgres/sql.ts'
import { phaseOf } from '../booking-phase.ts'
import type { HotelDeps, OutsideDeps } from '../deps.ts'
import {
  departmentContacts,
  dutyManagerContacts,
  type StaffContact,
} from '../messages/staff-contacts.tasks.ts'
import type { GuestRequest } from './guest-request.parameters.ts'
import { isSureKind, type RequestKind } from './guest-request.rules.ts'
import {
  type BookingOfGuestRow,
  findBookingsBy,
  insertGuestRequest,
  markRequestCancelled,
  markRequestDone,
  markRequestEscalated,
} from './guest-requests.sql.ts'
import { DEPARTMENTS } from './request-words.rules.ts'

/** After it the duty manager has this many times as long as the department had. */
const SECOND_WAIT = 4

/** What the LLM makes of it. Null: there is none, or it is not sure. */
export const classifyRequest = defineTask<
  HotelDeps & Pick<OutsideDeps, 'llm'>,
  Pick<GuestRequest, 'text' | 'language'>,
  RequestKind | null
>({
  name: 'classify_request',
  retry: BRIEF_RETRY,
  timeoutSeconds: 20,
  async run({ llm, hotel }, { text, language = hotel.language }, { idempotencyKey: key, signal }) {
    const kind = await llm?.classifyRequest({ text, language, departments: DEPARTMENTS }, { key, signal })
    if (!kind || !isSureKind(kind)) return null
    const { category, department, urgency } = kind
    return { category, department, urgency }
  },
})

/** A request on record. Plain JSON: it is checkpointed, so without the guest's words. */
export interface OpenedRequest {
  requestId: string
  bookingId: string | null
  guestId: string | null
  roomNumber: string | null
  supervisors: StaffContact[]
  dutyManager: StaffContact[]
  /** Until it is the duty manager's: for people, whole and at least one. */
  minutes: number
  waitSeconds: number
  /** From then on, until nobody waits any more. */
  secondWaitSeconds: number
  /** When the first of them is over, ISO 8601: thanks for a request that old are stale. */
  answerBy: string
}

/** `at` is the flow's clock, ISO 8601. */
export const openRequest = defineTransaction<
  HotelDeps,
  { request: GuestRequest; kind: RequestKind; at: string },
  OpenedRequest
>({
  name: 'open_request',
  retry: STORE_RETRY,
  async run({ hotel }, { request, kind, at }, { sql, part, runId, idempotencyKey }) {
    const booking = await part('find_guest', () => findBooking(sql, request))
    const waitSeconds = hotel.guestRequestMinutes * 60
    const opened = {
      requestId: idFrom('req', idempotencyKey),
      bookingId: booking?.id ?? request.booking_id ?? null,
      guestId: request.guest_id ?? booking?.guest_id ?? null,
      roomNumber: request.room_number ?? booking?.room_number ?? null,
    }
    const { requestId: id, ...whose } = opened
    await insertGuestRequest(sql, { ...whose, ...kind, id, runId, request: request.text, at })
    return {
      ...opened,
      supervisors: await departmentContacts(sql, kind.department, hotel),
      dutyManager: dutyManagerContacts(hotel, ['slack', 'sms']),
      minutes: Math.max(1, Math.round(hotel.guestRequestMinutes)),
      waitSeconds,
      secondWaitSeconds: waitSeconds * SECOND_WAIT,
      answerBy: new Date(Date.parse(at) + waitSeconds * 1_000).toISOString(),
    }
  },
})

/** Whoever cancels the run withdraws the request. By its id: the request may never have been opened. */
export const closeRequest = defineTransaction<unknown, ActToUndo<unknown, OpenedRequest>, void>({
  name: 'close_request',
  retry: UNDO_RETRY,
  run: (_deps, { result, actKey }, { sql }) =>
    markRequestCancelled(sql, result?.requestId ?? idFrom('req', actKey)),
})

/** The booking named, else the one that the guest, or whoever lives in the room, is here with. */
async function findBooking(sql: Sql, request: GuestRequest): Promise<BookingOfGuestRow | undefined> {
  const { booking_id, guest_id, room_number } = request
  if (booking_id !== undefined) return (await findBookingsBy(sql, 'booking', booking_id))[0]
  const found =
    guest_id === undefined
      ? await findBookingsBy(sql, 'room', room_number ?? '')
      : await findBookingsBy(sql, 'guest', guest_id)
  return found.find(({ status }) => phaseOf(status) === 'checked_in')
}

/** Nobody finished it in time. `at` is the flow's clock. */
export const escalateRequest = defineTransaction<unknown, { requestId: string; at: string }, null>({
  name: 'escalate_request',
  retry: STORE_RETRY,
  async run(_deps, { requestId, at }, { sql }) {
    await markRequestEscalated(sql, requestId, at)
    return null
  },
})

/** `by` null: not said who. */
export const finishRequest = defineTransaction<
  unknown,
  { requestId: string; by: string | null; at: string },
  null
>({
  name: 'finish_request',
  retry: STORE_RETRY,
  async run(_deps, { requestId, by, at }, { sql }) {
    await markRequestDone(sql, requestId, by, at)
    return null
  },
})
