/** Two rooms and a booking, here and in a property system that answers over HTTP. */
import {
  type PropertySystemSimulator,
  startPropertySystemSimulator,
} from '../../../../simulators/services/property-system.ts'
import { cancelBooking } from '../../../../src/hotel/bookings/cancel-booking.flow.ts'
import { moveGuestRoom } from '../../../../src/hotel/bookings/move-guest-room.flow.ts'
import { releaseBooking } from '../../../../src/hotel/bookings/release-booking.flow.ts'
import { sendGuestNotification } from '../../../../src/hotel/messages/send-guest-notification.flow.ts'
import type { PropertySystem } from '../../../../src/hotel/services/pms/property-system.ts'
import type { AnyFlow } from '../../../../src/platform/engine/flow.ts'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import { createTestDatabase } from '../../../support/database.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { sandboxDeps } from '../../../support/sandbox-deps.ts'
import { restAt } from '../services/pms/pms-rig.ts'
import { runFlow, tell } from './booking-rig.ts'

export interface SagaRig {
  rig: DurableRig
  pms: PropertySystemSimulator
  /** False: from now on the hotel has no property system. */
  usePms(used: boolean): void
  close(): Promise<void>
}

export async function openSagaRig(): Promise<SagaRig> {
  const test = await createTestDatabase({ max: 20 })
  const pms = await startPropertySystemSimulator({ style: 'rest', requestsPerSecond: 10_000 })
  const client = restAt(pms.url, { failures: 1_000 })
  let configured: PropertySystem | undefined = client
  const deps = {
    ...(await sandboxDeps(test.database)),
    get pms() {
      return configured
    },
  }
  const flows = [moveGuestRoom, cancelBooking, releaseBooking, sendGuestNotification] as AnyFlow[]
  const rig = await openDurableRig(flows, deps, undefined, test)
  return {
    rig,
    pms,
    usePms: (used) => {
      configured = used ? client : undefined
    },
    close: async () => {
      await rig.close()
      await client.close()
      await pms.close()
      await test.drop()
    },
  }
}

let hotels = 0

export interface Furnished {
  bookingId: string
  from: string
  to: string
}

/** A booking of room `<n>01` with `<n>02` free and inspected, here and in the property system. */
export async function furnish(
  database: Database,
  pms: PropertySystemSimulator,
  /** `toldAt`: when the property system dates the booking, in minutes of the test's day. */
  { inHouse = false, toldAt = 0 } = {},
): Promise<Furnished> {
  const n = ++hotels
  const [id, from, to] = [`BOOK${n}`, `${n}01`, `${n}02`]
  const stay = { check_in: '2025-02-01', check_out: '2099-02-03' }
  await database.query(`insert into rooms (room_number, status) values ($1, $3), ($2, 'inspected')`, [
    ...[from, to, inHouse ? 'occupied' : 'clean'],
  ])
  const guest_data = { guest_id: `G${n}`, name: 'Lan', email: 'lan@khach.vn' }
  const room_data = { ...stay, room_number: from, room_type: 'deluxe', total_amount: 5_000_000 }
  await tell(database, id, { at: toldAt, act: 'new_booking', details: { guest_data, room_data } })
  if (inHouse) await tell(database, id, { at: toldAt + 1, act: 'checked_in' })
  for (const roomNumber of [from, to]) {
    const occupied = inHouse && roomNumber === from
    pms.rooms.set(roomNumber, { roomNumber, roomType: null, condition: 'clean', occupied })
  }
  const status = inHouse ? 'checked_in' : 'confirmed'
  pms.add({ bookingId: id, checkIn: stay.check_in, checkOut: stay.check_out, roomNumber: from, status })
  return { bookingId: id, from, to }
}

export async function openHotel({ rig, pms }: SagaRig, state: Parameters<typeof furnish>[2] = {}) {
  const { bookingId: id, from, to } = await furnish(rig.database, pms, state)
  const move = (more: object = {}) =>
    runFlow(rig, moveGuestRoom as AnyFlow, { booking_id: id, to_room: to, reason: 'noise', ...more })
  const cancel = (more: object = {}) =>
    runFlow(rig, cancelBooking as AnyFlow, { booking_id: id, reason: 'flight cancelled', ...more })
  return { id, from, to, move, cancel, inPms: () => pms.reservations.get(id) }
}

/** Who of the staff was told of a run. */
export const alertsOf = ({ rig }: SagaRig, runId: string) =>
  rig.database.query<{ channel: string; recipient: string }>(
    'select channel, recipient from prefect.notifications where subject_key = $1 order by channel',
    [runId],
  )
