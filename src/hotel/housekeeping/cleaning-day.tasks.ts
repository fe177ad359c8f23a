import { defineTask, defineTransaction } from '../../platform/engine/flow.ts'
import { STORE_RETRY } from '../../platform/engine/retries.ts'
import type { Sql } from '../../platform/postgres/sql.ts'
import { dayOfWeek } from '../../platform/time/local-time.ts'
import { phaseOf } from '../booking-phase.ts'
import { businessDate } from '../business-date.ts'
import type { HotelDeps } from '../deps.ts'
import type { HotelRules } from '../hotel-rules.ts'
import { stateOfRow } from '../rooms/room-state.rules.ts'
import { type Attendant, type CleaningPlan, planCleaning } from './cleaning-plan.rules.ts'
import type { CleaningOutcome, CleaningRequest } from './cleaning-request.parameters.ts'
import { attendantsOf } from './cleaning-staff.rules.ts'
import { type CleaningJob, cleaningOfDay, type ListedTask, type RoomOfDay } from './housekeeping.rules.ts'
import {
  type CleaningRoomRow,
  type CleaningTaskRow,
  closeCleaningTasks,
  lockCleaningTasks,
  noteCleaningProgress,
  type PlannedCleaning,
  type RoomBookingRow,
  readAttendants,
  readCleaningRooms,
  readRoomBookings,
  writeCleaningPlan,
} from './housekeeping.sql.ts'

/** The hotel's business date at `now` (ISO 8601): 'YYYY-MM-DD'. */
export const findBusinessDate = defineTask<HotelDeps, { now: string }, string>({
  name: 'find_business_date',
  run: async ({ hotel }, { now }) => businessDate(new Date(now), hotel),
})

/** `now` is the flow's clock, ISO 8601. */
export interface CleaningDayInput {
  businessDate: string
  now: string
  attendants: CleaningRequest['attendants']
  dryRun: boolean
}

/**
 * Makes the day's list from rooms and bookings and shares it out, in one transaction. A second time that day it begins
 * with what is in progress (it stays), and plans the rest anew. A dry run writes nothing.
 */
export const assignCleaningDay = defineTransaction<HotelDeps, CleaningDayInput, CleaningOutcome>({
  name: 'assign_cleaning_day',
  lock: ({ businessDate }) => `housekeeping:${businessDate}`,
  retry: STORE_RETRY,
  async run({ hotel }, input, { sql, part, runId }) {
    const { businessDate, dryRun } = input
    const day = await part('read_cleaning_day', () => readDay(sql, input))
    const attendants = await part('find_attendants', () => findAttendants(sql, input, hotel))
    const plan = planCleaning(day, attendants, hotel.housekeeping.maxRooms)
    if (!dryRun) {
      await part('write_cleaning_plan', async () => {
        await closeCleaningTasks(sql, day.over)
        await writeCleaningPlan(sql, rowsOf(plan), { businessDate, runId })
      })
    }
    return outcomeOf(businessDate, plan)
  },
})

async function readDay(sql: Sql, { businessDate, now, dryRun }: CleaningDayInput) {
  if (!dryRun) await noteCleaningProgress(sql, businessDate)
  const tasks = await lockCleaningTasks(sql, businessDate)
  const rooms = await readCleaningRooms(sql)
  const bookings = await readRoomBookings(sql, businessDate)
  const known = rooms.map((room) => roomOfDay(room, bookings, businessDate))
  return cleaningOfDay(known, tasks.map(listed), Date.parse(now))
}

async function findAttendants(
  sql: Sql,
  { businessDate, attendants }: CleaningDayInput,
  { housekeeping: { shiftMinutes } }: HotelRules,
): Promise<Attendant[]> {
  if (attendants) {
    return attendants.map(({ employee_id: employeeId, minutes = shiftMinutes, ...wishes }) => ({
      ...wishes,
      employeeId,
      minutes: Math.min(minutes, shiftMinutes),
    }))
  }
  const rows = await readAttendants(sql, dayOfWeek(businessDate))
  const shifts = rows.map((row) => ({
    employeeId: row.employee_id,
    start: row.start_time,
    end: row.end_time,
  }))
  return attendantsOf(shifts, shiftMinutes)
}

function roomOfDay(row: CleaningRoomRow, bookings: readonly RoomBookingRow[], today: string): RoomOfDay {
  const own = bookings.filter(({ room_number }) => room_number === row.room_number)
  const stays = own.filter(({ status }) => phaseOf(status) === 'checked_in')
  const arrivals = own
    .filter(({ status, check_in_date }) => phaseOf(status) === 'open' && check_in_date === today)
    .map(({ expected_arrival, vip, status }) => ({
      expectedAt: expected_arrival?.getTime() ?? null,
      vip,
      isHere: status?.trim().toLowerCase() === 'arrived',
    }))
    .sort((a, b) => Number(b.isHere) - Number(a.isHere) || timeOf(a.expectedAt) - timeOf(b.expectedAt))
  // The one that lasts longest: who stays on is not cleaned out.
  const stay = stays.at(-1)
  return {
    roomNumber: row.room_number,
    floor: row.floor,
    section: row.section,
    state: stateOfRow(row),
    cleanedAt: row.last_cleaned_at?.getTime() ?? null,
    changedAt: row.state_at?.getTime() ?? null,
    stay: stay ? { isDueOut: stay.check_out_date <= today, cameToday: stay.check_in_date === today } : null,
    arrival: arrivals[0] ?? null,
  }
}

function timeOf(instant: number | null): number {
  return instant ?? Number.MAX_SAFE_INTEGER
}

function listed(row: CleaningTaskRow): ListedTask {
  return {
    id: row.id,
    roomNumber: row.room_number,
    kind: row.kind,
    status: row.status,
    assignedTo: row.assigned_to,
    createdAt: row.created_at.getTime(),
    finishedAt: row.finished_at?.getTime() ?? null,
  }
}

function rowsOf({ lists, unassigned }: CleaningPlan): PlannedCleaning[] {
  const row = (job: CleaningJob, assigned_to: string | null, position: number | null) => ({
    task_id: job.taskId,
    room_number: job.roomNumber,
    kind: job.kind,
    minutes: job.minutes,
    assigned_to,
    position,
  })
  return [
    ...lists.flatMap(({ employeeId, begun, jobs }) =>
      jobs.map((job, index) => row(job, employeeId, begun.length + index + 1)),
    ),
    ...unassigned.map(({ job }) => row(job, null, null)),
  ]
}

function outcomeOf(businessDate: string, { lists, unassigned, spread }: CleaningPlan): CleaningOutcome {
  return {
    business_date: businessDate,
    assigned: lists.reduce((sum, { jobs }) => sum + jobs.length, 0),
    unassigned: unassigned.map(({ job, reason }) => ({
      room_number: job.roomNumber,
      kind: job.kind,
      reason,
    })),
    attendants: lists.map(({ employeeId, begun, jobs, minutes }) => ({
      employee_id: employeeId,
      rooms: [...begun, ...jobs.map(({ roomNumber }) => roomNumber)],
      minutes,
    })),
    spread: Math.round(spread * 1_000) / 1_000,
  }
}
