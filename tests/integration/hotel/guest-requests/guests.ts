import type { Database } from '../../../../src/platform/postgres/pool.ts'

export const TOWELS = { room_number: '201', text: 'Cho tôi xin hai khăn tắm', language: 'vi' }

/** G1 lives in 201 (by email), G2 in 202 (by SMS); G0 left 201 before. */
export async function addStays(database: Database): Promise<void> {
  await database.query(
    `insert into guests (id, name, email, phone, language, channels)
     values ('G1', 'Nguyễn Thị Hoa', 'hoa@khach.vn', null, 'vi', null),
            ('G2', 'Trần Văn Nam', null, '+84901234567', 'vi', '{sms}')`,
  )
  await database.query(
    `insert into bookings (id, guest_id, guest_name, room_number, status, check_in_date, check_out_date)
     values ('B1', 'G1', 'Nguyễn Thị Hoa', '201', 'checked_in', '2025-01-15', '2025-01-20'),
            ('B2', 'G2', 'Trần Văn Nam', '202', 'checked_in', '2025-01-15', '2025-01-20'),
            ('B0', 'G0', 'Somebody Before', '201', 'checked_out', '2025-01-10', '2025-01-15')`,
  )
}

export interface RequestLine {
  run_id: string
  status: string
  department: string
  category: string
  booking_id: string | null
  guest_id: string | null
  room_number: string | null
  finished_by: string | null
  escalated_at: Date | null
  finished_at: Date | null
}

export function requests(database: Database): Promise<RequestLine[]> {
  return database.query<RequestLine>('select * from prefect.guest_requests order by created_at')
}
