/** Hotels that had their tables before us. The numbered one: ids are numbers, columns narrow, rows refer to each other. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMlSimulator } from '../../../simulators/services/ml.ts'
import { startPropertySystemSimulator } from '../../../simulators/services/property-system.ts'
import { migrateEverything } from '../../../src/app/migrations.ts'
import { businessDate } from '../../../src/hotel/business-date.ts'
import { FLOWS, type ServiceDeps } from '../../../src/hotel/catalogue.ts'
import { createHttpMl } from '../../../src/hotel/services/ml/http.ts'
import { createGuard } from '../../../src/platform/outbound/service-guard.ts'
import type { Database } from '../../../src/platform/postgres/pool.ts'
import { createStorage } from '../../../src/platform/storage/flydrive.ts'
import { createTestDatabase } from '../../support/database.ts'
import { type DurableRig, openDurableRig } from '../../support/durable-rig.ts'
import { HOTEL } from '../../support/hotel-rules.ts'
import { sandboxDeps } from '../../support/sandbox-deps.ts'
import { restAt } from './services/pms/pms-rig.ts'

/** The hotel's day begins twelve hours from now: no test runs across it. */
const hour = new Date(Date.now() + 12 * 3_600_000).toISOString().slice(11, 13)
const day = { timezone: 'UTC', nightAuditAt: `${hour}:00` }
export const today = businessDate(new Date(), { ...HOTEL, ...day })

const HOTELS_OWN = `
  create table employees (id integer primary key, name text not null, department text);
  create table employee_schedules (employee_id integer not null references employees, day_of_week int not null,
    start_time time not null);
  create table supervisors (department text not null, slack_user_id text not null);
  create table attendance_logs (id serial primary key, employee_id integer not null, timestamp timestamptz not null,
    action varchar(20) not null, camera_id text, confidence double precision);
  create table rooms (room_number integer primary key, room_type text, floor int, status varchar(20),
    last_cleaned_at timestamp, last_checked_by integer references employees, updated_at timestamp default now());
  create table guests (id integer primary key, name varchar(20) not null, email text, phone text);
  create table bookings (id integer primary key, guest_id integer references guests, guest_name text, guest_email text,
    guest_phone text, room_number integer references rooms, check_in_date timestamp, check_out_date timestamp,
    status varchar(20), payment_status text, total_amount double precision, guest_notified boolean default false,
    notification_sent_at timestamptz, created_at timestamptz default now());
  create table housekeeping_logs (id serial primary key, room_number integer not null, employee_id integer,
    started_at timestamptz, completed_at timestamptz, status text not null);
  insert into employees values (5, 'Lan', 'Housekeeping'), (6, 'Bình', 'Front Desk');
  insert into employee_schedules select 5, day, '08:00' from generate_series(0, 6) day;
  insert into supervisors values ('Housekeeping', 'U0HOUSE'), ('Engineering', 'U0ENGIN');
  insert into rooms select n, 'deluxe', 2, 'Clean' from generate_series(201, 209) n;
  insert into guests values (1, 'Mai', 'mai@khach.vn', null), (2, 'Sơn', 'son@khach.vn', null);
  insert into bookings (id, guest_id, room_number, check_in_date, check_out_date, status, total_amount) values
    (17, 1, 201, '${today} 14:00', '2099-01-02 11:00', 'CONFIRMED', 0.1::float8 + 0.2::float8),
    (18, 2, 202, '${today} 14:00', '2099-01-02 11:00', 'Checked-In', 5000000),
    (20, 2, 203, '${today} 14:00', '2099-01-02 11:00', 'confirmed', 5000000)`

interface OpenHotel {
  rig: DurableRig
  close(): Promise<void>
}

export const openNumberedHotel = () => openHotelOn(HOTELS_OWN, { inHouse: '18', toCome: '20' })

/**
 * Every flow, on a database with these tables and rows. The property system has the two bookings, ids as the hotel
 * writes them: a guest in room 202, and one who comes to 203.
 */
export async function openHotelOn(tables: string, bookings: PropertyBookings): Promise<OpenHotel> {
  const test = await createTestDatabase({ empty: true, max: 20 })
  const closing: (() => unknown)[] = []
  await test.database.query(tables)
  await migrateEverything(test.database)
  const rig = await openDurableRig(FLOWS, await outside(test.database, bookings, closing), undefined, test)
  return {
    rig,
    close: async () => {
      await rig.close()
      for (const close of closing) await close()
      await test.drop()
    },
  }
}

interface PropertyBookings {
  inHouse: string
  toCome: string
}

/** A property system and an ML service that answer; every channel to a person is a sandbox. */
async function outside(
  database: Database,
  { inHouse, toCome }: PropertyBookings,
  closing: (() => unknown)[],
): Promise<ServiceDeps> {
  const [pmsServer, mlServer] = [
    await startPropertySystemSimulator({ style: 'rest', requestsPerSecond: 10_000 }),
    await startMlSimulator({ apiKey: 'key' }),
  ]
  const stay = { checkIn: today, checkOut: '2099-01-02' }
  for (const roomNumber of ['202', '203', '204'])
    pmsServer.rooms.set(roomNumber, { roomNumber, roomType: null, condition: 'clean', occupied: false })
  pmsServer.add({ bookingId: inHouse, ...stay, roomNumber: '202', status: 'checked_in' })
  pmsServer.add({ bookingId: toCome, ...stay, roomNumber: '203', status: 'confirmed' })
  const pms = restAt(pmsServer.url)
  const guard = createGuard({ service: 'ml', timeoutMs: 5_000 })
  const ml = createHttpMl({ url: mlServer.url, apiKey: 'key', guard })
  const dataDir = mkdtempSync(join(tmpdir(), 'hotel-tables-'))
  const storage = createStorage({ dataDir, guard: createGuard({ service: 'storage', timeoutMs: 5_000 }) })
  closing.push(
    () => pms.close(),
    () => ml.close(),
    () => pmsServer.close(),
    () => mlServer.close(),
    () => rmSync(dataDir, { recursive: true }),
  )
  const attendance = { timezone: day.timezone, graceMinutes: 5, minConfidence: 0.6 }
  return { ...(await sandboxDeps(database, day)), pms, ml, storage, attendance }
}
