import { randomUUID } from 'node:crypto'
import type { Database } from '../../../src/db/pool.ts'
import type { HotelRules } from '../../../src/domain/hotel-rules.ts'
import type { TaskContext } from '../../../src/engine/flow.ts'

export const HOTEL: HotelRules = {
  name: 'Khách sạn Sông Hàn',
  timezone: 'Asia/Ho_Chi_Minh',
  language: 'vi',
  currency: 'VND',
  nightAuditAt: '03:00',
  checkInTime: '14:00',
  checkOutTime: '12:00',
  inspectsRooms: false,
  roomReadyDelaySeconds: 0,
  quietHours: { from: '22:00', to: '07:00' },
  guestRequestMinutes: 15,
  anomalyWindowMinutes: 10,
  anomalyAcknowledgeMinutes: 5,
  dutyManager: { slack: undefined, phone: undefined },
  housekeeping: { shiftMinutes: 420, maxRooms: 16 },
}

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

export function contextOf(taskName: string, given: Partial<TaskContext> = {}): TaskContext {
  const runId = given.runId ?? `fr_${randomUUID()}`
  return {
    runId,
    eventId: undefined,
    taskName,
    attempt: 1,
    idempotencyKey: `${runId}.0.0`,
    signal: new AbortController().signal,
    log: () => {},
    ...given,
  }
}
