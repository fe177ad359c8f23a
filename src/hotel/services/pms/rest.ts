import { z } from 'zod'
import { createJsonClient } from '../../../platform/outbound/json-client.ts'
import { bearer, type ServiceAddress } from '../../../platform/outbound/service-address.ts'
import { eachReservation } from './paging.ts'
import type { PmsCall, PropertySystem } from './property-system.ts'
import { RestReservation, RestReservations, RestRooms } from './rest-wire.ts'

const PAGE_SIZE = 100

/**
 * A property system that speaks the plain REST of docs/pms.md: a hotel's own, or a small bridge in front of one. Every
 * write carries its Idempotency-Key, and the property system sees to it that a repeat changes nothing.
 */
export function createRestPropertySystem({ url, apiKey, guard }: ServiceAddress): PropertySystem {
  const client = createJsonClient({ url, guard, headers: bearer(apiKey) })

  async function get<Answer extends z.ZodType>(
    operation: string,
    path: string,
    query: Record<string, string | number>,
    answer: Answer,
    signal: AbortSignal,
  ): Promise<z.output<Answer>> {
    return (await client.call({ operation, method: 'GET', path, query, answer, signal })) as z.output<Answer>
  }

  async function write(
    operation: string,
    method: 'PUT' | 'POST',
    path: string,
    json: object,
    { key, signal }: PmsCall,
  ): Promise<void> {
    await client.call({ operation, method, path, json, idempotencyKey: key, answer: z.unknown(), signal })
  }

  const reservationPath = (bookingId: string) => `/reservations/${encodeURIComponent(bookingId)}`
  return {
    kind: 'rest',
    reservation: async (bookingId, signal) =>
      client.call({
        operation: 'get_reservation',
        method: 'GET',
        path: reservationPath(bookingId),
        answer: RestReservation,
        absent: [404],
        signal,
      }),
    modifiedBetween(since, until, signal) {
      const window = { modified_from: since.toISOString(), modified_to: until.toISOString() }
      return eachReservation(guard.service, async (page) => {
        const query = { ...window, page, page_size: PAGE_SIZE }
        const answer = await get('list_reservations', '/reservations', query, RestReservations, signal)
        return { rows: answer.reservations, total: answer.total }
      })
    },
    rooms: async (signal) => (await get('list_rooms', '/rooms', {}, RestRooms, signal)).rooms,
    setHousekeeping: async ({ roomNumber, condition }, call) =>
      write(
        'set_housekeeping',
        'PUT',
        `/rooms/${encodeURIComponent(roomNumber)}/housekeeping`,
        { condition },
        call,
      ),
    moveRoom: async ({ bookingId, fromRoom, toRoom }, call) => {
      const move = { from_room: fromRoom, to_room: toRoom }
      return write('move_reservation', 'POST', `${reservationPath(bookingId)}/move`, move, call)
    },
    cancelReservation: async (bookingId, call) =>
      write('cancel_reservation', 'POST', `${reservationPath(bookingId)}/cancel`, {}, call),
    reinstateReservation: async (bookingId, call) =>
      write('reinstate_reservation', 'POST', `${reservationPath(bookingId)}/reinstate`, {}, call),
    close: () => client.close(),
  }
}
