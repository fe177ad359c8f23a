/** Which rooms are to be cleaned on a business date, and which of them first. */

import { compareText } from '../history-order.ts'
import { CLEANING_MINUTES, type CleaningKind } from '../rooms/cleaning-orders.rules.ts'
import type { RoomState } from '../rooms/room-state.rules.ts'

/** A room on the day. Instants in milliseconds since the epoch. */
export interface RoomOfDay {
  roomNumber: string
  floor: number | null
  section: string | null
  state: Pick<RoomState, 'housekeeping' | 'occupancy' | 'maintenance' | 'service'>
  /** When it became clean for the last time, and when it changed at all. */
  cleanedAt: number | null
  changedAt: number | null
  /** The guest in house: due out today, or come today. */
  stay: { isDueOut: boolean; cameToday: boolean } | null
  /** Who comes today, the soonest if several: `isHere` before being checked in. */
  arrival: { expectedAt: number | null; vip: boolean; isHere: boolean } | null
}

/** A task that the day's list has already. */
export interface ListedTask {
  id: string
  roomNumber: string
  kind: CleaningKind
  status: 'open' | 'assigned' | 'in_progress' | 'done'
  assignedTo: string | null
  createdAt: number
  finishedAt: number | null
}

export interface CleaningJob {
  roomNumber: string
  floor: number | null
  section: string | null
  kind: CleaningKind
  minutes: number
  /** 0 comes first; see `RANKS`. */
  rank: number
  /** Milliseconds since the epoch; null: nobody said when. */
  expectedAt: number | null
  vip: boolean
  /** The listed task it goes on with; null: a new one. */
  taskId: string | null
}

export interface CleaningDay {
  jobs: CleaningJob[]
  /** In progress: they stay with whoever has them. */
  begun: (Pick<CleaningJob, 'roomNumber' | 'floor' | 'section' | 'minutes'> & { employeeId: string | null })[]
  /** Listed, and not needed any more. */
  over: { taskId: string; status: 'done' | 'cancelled'; reason: string }[]
}

const RANKS = {
  guestWaiting: 0,
  expectedArrival: 1,
  vipArrival: 2,
  arrivalToday: 3,
  /** A room that can be sold. */
  departure: 4,
  wished: 5,
  stayOver: 6,
  /** Do not disturb, or declined: asked again at the end of the day. */
  unwanted: 7,
}
/** Ranks up to here are worth more than a short way: somebody is on the way to that very room. */
export const LAST_URGENT_RANK = RANKS.expectedArrival

/** What is to be cleaned, from the rooms as they are at `now` (milliseconds) and the list as far as there is one. */
export function cleaningOfDay(
  rooms: readonly RoomOfDay[],
  tasks: readonly ListedTask[],
  now: number,
): CleaningDay {
  const day: CleaningDay = { jobs: [], begun: [], over: [] }
  const known = new Map(rooms.map((room) => [room.roomNumber, room]))
  const unlisted = tasks.filter(({ roomNumber }) => !known.has(roomNumber))
  for (const room of [...rooms, ...unlisted.map(({ roomNumber }) => unknownRoom(roomNumber))]) {
    const own = tasks.filter(({ roomNumber }) => roomNumber === room.roomNumber)
    const task = own.find(({ status }) => status !== 'done')
    const place = { roomNumber: room.roomNumber, floor: room.floor, section: room.section }
    if (task?.status === 'in_progress') {
      day.begun.push({ ...place, minutes: CLEANING_MINUTES[task.kind], employeeId: task.assignedTo })
      continue
    }
    const needless = task && whyOver(room, task)
    if (needless) day.over.push(needless)
    const kind = needless ? undefined : (kindOf(room, own) ?? task?.kind)
    if (kind) {
      const taskId = task?.id ?? null
      day.jobs.push({
        ...place,
        kind,
        minutes: CLEANING_MINUTES[kind],
        ...urgencyOf(room, kind, now),
        taskId,
      })
    }
  }
  return day
}

/** Only its task is known. */
function unknownRoom(roomNumber: string): RoomOfDay {
  const state = { housekeeping: 'clean', occupancy: 'vacant', maintenance: 'none', service: 'none' } as const
  const facts = { cleanedAt: null, changedAt: null, stay: null, arrival: null }
  return { roomNumber, floor: null, section: null, state, ...facts }
}

function whyOver(room: RoomOfDay, task: ListedTask): CleaningDay['over'][number] | undefined {
  if (room.state.maintenance !== 'none') {
    return { taskId: task.id, status: 'cancelled', reason: 'the room is in maintenance' }
  }
  const cleaned = isMade(room.state.housekeeping) && (room.cleanedAt ?? 0) > task.createdAt
  if (!cleaned) return undefined
  return { taskId: task.id, status: task.assignedTo ? 'done' : 'cancelled', reason: 'the room is clean' }
}

/** What the room needs today, beyond what was done today. */
function kindOf(room: RoomOfDay, tasks: readonly ListedTask[]): CleaningKind | undefined {
  const kind = needOf(room)
  if (!kind) return undefined
  const { state, changedAt } = room
  const last = tasks
    .filter((task) => task.status === 'done' && CLEANING_MINUTES[task.kind] >= CLEANING_MINUTES[kind])
    .reduce((latest, { finishedAt }) => Math.max(latest, finishedAt ?? 0), 0)
  const dirtyAgain =
    state.occupancy === 'vacant' && !isMade(state.housekeeping) && changedAt !== null && changedAt > last
  return last === 0 || dirtyAgain ? kind : undefined
}

function needOf({ state, stay }: RoomOfDay): CleaningKind | undefined {
  if (state.maintenance !== 'none') return undefined
  if (stay?.isDueOut) return 'departure'
  if (stay?.cameToday && state.service !== 'make_up') return undefined
  if (stay || state.occupancy === 'occupied') return 'stay_over'
  if (state.housekeeping === 'dirty') return 'departure'
  return state.housekeeping === 'pickup' ? 'pickup' : undefined
}

function isMade(housekeeping: RoomState['housekeeping']): boolean {
  return housekeeping === 'clean' || housekeeping === 'inspected'
}

function urgencyOf(
  { state, arrival }: RoomOfDay,
  kind: CleaningKind,
  now: number,
): Pick<CleaningJob, 'rank' | 'expectedAt' | 'vip'> {
  // A guest who stays on has the room: whoever comes will be given another.
  const next = kind === 'stay_over' ? null : arrival
  const expectedAt = next?.expectedAt ?? null
  return { rank: rankOf(state.service, kind, next, now), expectedAt, vip: next?.vip ?? false }
}

function rankOf(
  service: RoomState['service'],
  kind: CleaningKind,
  arrival: RoomOfDay['arrival'],
  now: number,
): number {
  if (service === 'dnd' || service === 'declined') return RANKS.unwanted
  if (arrival) {
    // Said to be here by now: taken as waiting.
    if (arrival.isHere || (arrival.expectedAt !== null && arrival.expectedAt <= now))
      return RANKS.guestWaiting
    if (arrival.expectedAt !== null) return RANKS.expectedArrival
    return arrival.vip ? RANKS.vipArrival : RANKS.arrivalToday
  }
  if (kind !== 'stay_over') return RANKS.departure
  return service === 'make_up' ? RANKS.wished : RANKS.stayOver
}

/** The order of a list: what is urgent first, then the shortest way. Total: no two rooms are alike. */
export function byPriority(a: CleaningJob, b: CleaningJob): number {
  return (
    a.rank - b.rank ||
    (a.expectedAt ?? Number.MAX_SAFE_INTEGER) - (b.expectedAt ?? Number.MAX_SAFE_INTEGER) ||
    Number(b.vip) - Number(a.vip) ||
    (a.floor ?? 0) - (b.floor ?? 0) ||
    compareText(a.section ?? '', b.section ?? '') ||
    compareText(a.roomNumber, b.roomNumber)
  )
}
