/** Cloudbeds' answers, as its OpenAPI (v1.3) describes them; of each, the fields that are used. */
import { z } from 'zod'
import type { Reservation, ReservationStatus } from './property-system.ts'
import type { PropertyTime } from './property-time.ts'

/** Described as text; some come as numbers. */
const Id = z.union([z.string(), z.number()]).transform(String)
/** Null where it is missing or empty. */
const Text = z
  .string()
  .nullish()
  .transform((text) => text?.trim() || null)
const Money = z
  .union([
    z.number(),
    z
      .string()
      .trim()
      .regex(/^-?\d+(\.\d+)?$/),
  ])
  .nullish()
  .transform((amount) => (amount === undefined || amount === null ? null : Number(amount)))
const Day = z.iso.date()
const DateTime = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})?$/i)
  .refine((text) => !Number.isNaN(Date.parse(text.replace(' ', 'T'))))
const Total = z.number().int().min(0).optional()

const STATUSES = {
  not_confirmed: 'not_confirmed',
  confirmed: 'confirmed',
  canceled: 'cancelled',
  checked_in: 'checked_in',
  checked_out: 'checked_out',
  no_show: 'no_show',
} as const satisfies Record<string, ReservationStatus>
const Status = z
  .enum(Object.keys(STATUSES) as [keyof typeof STATUSES, ...(keyof typeof STATUSES)[]])
  .transform((status) => STATUSES[status])

const Guest = z.object({
  guestID: Id.nullish(),
  guestFirstName: Text,
  guestLastName: Text,
  guestEmail: Text,
  guestPhone: Text,
  guestCellPhone: Text,
  guestCountry: Text,
  isMainGuest: z.boolean().nullish(),
})
/** By guest id. A map that is empty is written as an empty list. */
const Guests = z
  .union([z.record(z.string(), Guest), z.array(z.unknown()).length(0)])
  .nullish()
  .transform((guests) => Object.values(Array.isArray(guests) ? {} : (guests ?? {})))

const Room = z.object({
  subReservationID: Id.nullish(),
  roomTypeID: Id.nullish(),
  roomTypeName: Text,
  roomID: Id.nullish(),
  roomName: Text,
  roomStatus: Text,
})
const Rooms = z
  .array(Room)
  .nullish()
  .transform((rooms) => rooms ?? [])

const Stay = z.object({
  reservationID: Id,
  status: Status,
  guestName: Text,
  startDate: Day,
  endDate: Day,
  dateModified: DateTime,
  guestList: Guests,
})
const ListedReservation = Stay.extend({ guestID: Id.nullish(), rooms: Rooms })
type ListedReservation = z.output<typeof ListedReservation>
const FullReservation = Stay.extend({ guestEmail: Text, total: Money, assigned: Rooms, unassigned: Rooms })
export type FullReservation = z.output<typeof FullReservation>

export const ReservationsAnswer = z.object({ data: z.array(ListedReservation), total: Total })
export const ReservationAnswer = z.object({ data: FullReservation })
const ListedRoom = z
  .object({
    roomID: Id,
    roomName: z.string().trim().min(1),
    roomTypeID: Id,
    roomTypeName: Text,
    isVirtual: z.boolean().nullish(),
  })
  .transform(({ roomID, roomName, roomTypeID, roomTypeName, isVirtual }) => ({
    roomId: roomID,
    roomNumber: roomName,
    roomTypeId: roomTypeID,
    roomType: roomTypeName,
    isVirtual: isVirtual === true,
  }))
export type CloudbedsRoom = z.output<typeof ListedRoom>
export const RoomsAnswer = z.object({ data: z.array(z.object({ rooms: z.array(ListedRoom) })) })
export const HousekeepingAnswer = z.object({
  data: z.array(
    z.object({
      roomID: Id,
      roomCondition: z.enum(['dirty', 'clean', 'inspected']).nullish().catch(null),
      roomOccupied: z.boolean().nullish(),
    }),
  ),
  total: Total,
})
/** Of a list; the price is told only of single reservations. */
export function listedReservation(listed: ListedReservation, time: PropertyTime): Reservation {
  const guest = listed.guestList.find(({ guestID }) => guestID === listed.guestID) ?? mainGuest(listed)
  const rooms = listed.rooms.filter(({ roomStatus }) => roomStatus !== 'cancelled')
  return { ...stayOf(listed, guest, [...rooms, ...listed.rooms], time), totalAmount: null }
}

export function fullReservation(full: FullReservation, time: PropertyTime): Reservation {
  const stay = stayOf(full, mainGuest(full), [...full.assigned, ...full.unassigned], time)
  return { ...stay, guestEmail: full.guestEmail ?? stay.guestEmail, totalAmount: full.total }
}

type Guest = z.output<typeof Guest>

function mainGuest({ guestList }: { guestList: Guest[] }): Guest | undefined {
  return guestList.find(({ isMainGuest }) => isMainGuest) ?? guestList[0]
}

/** A stay in several rooms is told by its first one. */
function stayOf(
  stay: z.output<typeof Stay>,
  guest: Guest | undefined,
  rooms: z.output<typeof Rooms>,
  time: PropertyTime,
): Omit<Reservation, 'totalAmount'> {
  const room = rooms.find(({ roomID, roomName }) => roomID && roomName) ?? rooms[0]
  const nameOfGuest = [guest?.guestFirstName, guest?.guestLastName].filter(Boolean).join(' ')
  const country = guest?.guestCountry?.toUpperCase() ?? ''
  return {
    bookingId: stay.reservationID,
    status: stay.status,
    guestId: guest?.guestID ?? null,
    guestName: stay.guestName ?? (nameOfGuest || null),
    guestEmail: guest?.guestEmail ?? null,
    guestPhone: guest?.guestCellPhone ?? guest?.guestPhone ?? null,
    guestCountry: /^[A-Z]{2}$/.test(country) ? country : null,
    roomNumber: room?.roomID ? room.roomName : null,
    roomType: room?.roomTypeName ?? null,
    checkIn: stay.startDate,
    checkOut: stay.endDate,
    modifiedAt: time.toInstant(stay.dateModified),
  }
}
