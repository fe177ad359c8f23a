/** What the staff-door cameras of one hotel day see and send: planned from a seed, the same every time. */
import { atLocal, dayOfWeek } from '../../src/platform/time/local-time.ts'
import { seededRandom } from './seeded-random.ts'

export interface Rostered {
  employee_id: string
  day_of_week: number
  start_time: string
  end_time: string
}

/** One message of a camera. `at` is when it is sent; an event may be older (the camera was offline). */
export interface Sending {
  at: Date
  /** JSON, or what a broken camera sends instead. */
  body: unknown
  raw?: string
  key: string
}

const CAMERAS = ['cam_staff_gate_01', 'cam_staff_gate_02', 'cam_loading_dock_01']
const MINUTE = 60_000

/** All messages of the shifts that start on `date` ('YYYY-MM-DD'), in the order they are sent. */
export function planStaffDay(date: string, roster: readonly Rostered[], timezone: string): Sending[] {
  const random = seededRandom(date)
  const sendings = roster
    .filter((row) => row.day_of_week === dayOfWeek(date))
    .toSorted((a, b) => a.start_time.localeCompare(b.start_time))
    .flatMap((row, n) => shiftOf(row, date, timezone, EARLY_TROUBLE[n], random))
  return sendings.sort((a, b) => a.at.getTime() - b.at.getTime())
}

type Trouble = 'broken' | 'late' | 'unsure'

/** The first arrivals of each day, so that nobody has to wait long to see what happens then. */
const EARLY_TROUBLE: Trouble[] = ['broken', 'late', 'unsure', 'unsure']

function shiftOf(
  row: Rostered,
  date: string,
  timezone: string,
  trouble: Trouble | undefined,
  random: () => number,
): Sending[] {
  const start = atLocal(date, row.start_time, timezone)
  const sameDayEnd = atLocal(date, row.end_time, timezone)
  const end = sameDayEnd > start ? sameDayEnd : new Date(sameDayEnd.getTime() + 24 * 60 * MINUTE)
  const late = random() < 0.12 || trouble === 'late' ? 6 + random() * 40 : random() * 19 - 15
  const arrival = new Date(start.getTime() + late * MINUTE)
  const departure = new Date(end.getTime() + random() * 20 * MINUTE)
  return [
    ...(trouble === 'broken' ? [brokenSending(row.employee_id, arrival, random)] : []),
    ...(trouble === 'unsure' ? [sighting(row.employee_id, 'check_in', before(arrival), 0.55, random)] : []),
    ...sightings(row.employee_id, 'check_in', arrival, random),
    ...sightings(row.employee_id, 'check_out', departure, random),
  ]
}

/** Mostly one clean message; sometimes what real cameras do. */
function sightings(employee: string, action: string, at: Date, random: () => number): Sending[] {
  const good = sighting(employee, action, at, 0.88 + random() * 0.11, random)
  const chance = random()
  if (chance < 0.05) return [brokenSending(employee, at, random), good]
  if (chance < 0.1) {
    const unsure = sighting(employee, action, before(at), 0.4 + random() * 0.25, random)
    return [unsure, good]
  }
  // The same message again: the camera missed our answer.
  if (chance < 0.17) return [good, { ...good, at: new Date(at.getTime() + 2_000) }]
  // A second camera a minute later: another event, the same punch.
  if (chance < 0.25) return [good, sighting(employee, action, new Date(at.getTime() + 45_000), 0.9, random)]
  // The camera was offline for a while.
  if (chance < 0.3) return [{ ...good, at: new Date(at.getTime() + (8 + random() * 20) * MINUTE) }]
  return [good]
}

const before = (at: Date) => new Date(at.getTime() - 5_000)

function sighting(
  employee: string,
  action: string,
  at: Date,
  confidence: number,
  random: () => number,
): Sending {
  const camera = CAMERAS[Math.floor(random() * CAMERAS.length)] as string
  const rounded = Math.round(confidence * 100) / 100
  const timestamp = `${at.toISOString().slice(0, 19)}Z`
  const metadata = { face_quality: Math.round((rounded - 0.03) * 100) / 100, liveness_check: true }
  const body = { employee_id: employee, timestamp, action, camera_id: camera, confidence: rounded, metadata }
  return { at, body, key: `${camera}-${employee}-${action}-${timestamp}` }
}

function brokenSending(employee: string, at: Date, random: () => number): Sending {
  const timestamp = at.toISOString()
  const key = `broken-${employee}-${timestamp}`
  const broken: unknown[] = [
    { timestamp, action: 'check_in', confidence: 0.97 },
    { employee_id: employee, timestamp, action: 'check_in', confidence: 'high' },
    { employee_id: employee, timestamp: 'this morning', action: 'arrive', confidence: 1.7 },
  ]
  const pick = Math.floor(random() * (broken.length + 1))
  if (pick === broken.length)
    return { at, body: undefined, raw: `{"employee_id": "${employee}", "timesta`, key }
  return { at, body: broken[pick], key }
}
