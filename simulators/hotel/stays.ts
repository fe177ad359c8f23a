/** The hotel's guests: who is in the house when the demo begins, and who comes. */
import type { Sql } from '../../src/platform/postgres/sql.ts'
import { addDays } from '../../src/platform/time/local-time.ts'
import { FAMILY, FOREIGN, GIVEN, MIDDLE } from './names.ts'

export interface Guest {
  guest_id: string
  name: string
  email: string
  phone: string
  language: string
  country: string
}

export interface Stay {
  booking_id: string
  guest: Guest
  room_number: string
  room_type: string
  check_in: string
  check_out: string
  total_amount: number
  status: 'confirmed' | 'checked_in'
}

export interface Room {
  room_number: string
  room_type: string
}

const NIGHTLY: Record<string, number> = { standard: 1_200_000, deluxe: 1_900_000, suite: 3_600_000 }

/** A guest of their own for each booking; addresses end in `.example`, which no one owns. */
export function planStay(
  id: string,
  room: Room,
  dates: { check_in: string; check_out: string },
  random: () => number,
): Stay {
  const nights = Math.max(1, (Date.parse(dates.check_out) - Date.parse(dates.check_in)) / 86_400_000)
  return {
    booking_id: `BOOK${id}`,
    guest: guestOf(id, random),
    ...room,
    ...dates,
    total_amount: (NIGHTLY[room.room_type] ?? 1_200_000) * nights,
    status: 'confirmed',
  }
}

function guestOf(id: string, random: () => number): Guest {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
  const foreign = random() < 0.35 ? pick(FOREIGN) : undefined
  const name = foreign?.name ?? `${pick(FAMILY)} ${pick(MIDDLE)} ${pick(GIVEN)}`
  const country = foreign?.country ?? 'VN'
  return {
    guest_id: `GUEST${id}`,
    name,
    email: `guest.${id.toLowerCase()}@mail.example`,
    phone: `+8490${String(Math.floor(random() * 10_000_000)).padStart(7, '0')}`,
    language: country === 'VN' ? 'vi' : 'en',
    country,
  }
}

/** The house as it is on the morning of `date`: near half of the rooms taken, many of them leaving today. */
export function planHouse(date: string, rooms: readonly Room[], random: () => number): Stay[] {
  return rooms.flatMap((room, n) => {
    const stays: Stay[] = []
    const id = (part: string) => `${date.replaceAll('-', '')}${part}${String(n).padStart(3, '0')}`
    const taken = random() < 0.45
    const leaves = addDays(date, random() < 0.45 ? 0 : 1 + Math.floor(random() * 2))
    if (taken) {
      const dates = { check_in: addDays(date, -1 - Math.floor(random() * 3)), check_out: leaves }
      stays.push({ ...planStay(id('H'), room, dates, random), status: 'checked_in' })
    }
    const free = taken ? leaves : date
    if (random() < (taken ? 0.6 : 0.35)) {
      const dates = { check_in: free, check_out: addDays(free, 1 + Math.floor(random() * 3)) }
      stays.push(planStay(id('A'), room, dates, random))
    }
    return stays
  })
}

/** Fills an empty hotel; one with bookings is left as it is. */
export async function seedStays(sql: Sql, stays: readonly Stay[]): Promise<void> {
  const [known] = await sql.query<{ some: boolean }>('select exists (select from bookings) as some')
  if (known?.some) return
  await sql.query(
    `insert into guests (id, name, email, phone, language, country)
     select guest ->> 'guest_id', guest ->> 'name', guest ->> 'email', guest ->> 'phone', guest ->> 'language',
            guest ->> 'country'
     from jsonb_to_recordset($1::jsonb) as x(guest jsonb) on conflict do nothing`,
    [JSON.stringify(stays)],
  )
  await sql.query(
    `insert into bookings (id, guest_id, guest_name, guest_email, guest_phone, guest_language, guest_country,
                           room_number, room_type, check_in_date, check_out_date, status, payment_status, total_amount)
     select booking_id, guest ->> 'guest_id', guest ->> 'name', guest ->> 'email', guest ->> 'phone',
            guest ->> 'language', guest ->> 'country', room_number, room_type, check_in, check_out, status, 'paid',
            total_amount
     from jsonb_to_recordset($1::jsonb) as x(booking_id text, guest jsonb, room_number text, room_type text,
            check_in date, check_out date, status text, total_amount numeric)
     on conflict do nothing`,
    [JSON.stringify(stays)],
  )
  await sql.query(
    `update rooms set status = 'occupied'
     where room_number in (select room_number from bookings where status = 'checked_in')`,
  )
}

/** The stays that are not over, as the hotel has them. */
export function readStays(sql: Sql): Promise<Stay[]> {
  return sql.query<Stay>(
    `select id as booking_id, room_number, room_type, check_in_date::text as check_in, check_out_date::text as check_out,
            total_amount::float8 as total_amount, status,
            json_build_object('guest_id', guest_id, 'name', guest_name, 'email', guest_email, 'phone', guest_phone,
                              'language', guest_language, 'country', guest_country) as guest
     from bookings where status in ('confirmed', 'checked_in') order by id`,
  )
}
