import type { Database } from '../../../../src/platform/postgres/pool.ts'

export interface Arrival {
  id: string
  room: string
  /** 'YYYY-MM-DD' */
  on: string
  status?: string
  notified?: boolean
}

/** A booking as a hotel's own program writes it. */
export async function book(database: Database, { id, room, on, status, notified }: Arrival): Promise<void> {
  await database.query(
    `insert into bookings (id, guest_name, guest_email, room_number, check_in_date, check_out_date, status, guest_notified)
     values ($1, 'Trần Thị Mai', lower($1) || '@example.com', $2, $3::date, $3::date + 2, $4, $5)`,
    [id, room, on, status ?? 'confirmed', notified ?? false],
  )
}

export async function addRoom(database: Database, roomNumber: string, status: string): Promise<void> {
  await database.query('insert into rooms (room_number, status) values ($1, $2)', [roomNumber, status])
}
