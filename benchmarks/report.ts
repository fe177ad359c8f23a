/** What was measured, as one JSON document and a table. */
import { cpus } from 'node:os'
import type { HotelFigures } from './hotel.ts'
import { percentile } from './load.ts'
import { type ScheduleFigures, scheduleFigures } from './schedules.ts'

/** Rates are per second, one for each turn. */
export interface Figures {
  lanes: number
  rates: Record<'ours' | 'four' | 'branch', number[]>
  bursts: Record<'ours' | 'oursWatched' | 'four' | 'fourWatched', number[]> & { events: number }
  /** Milliseconds, shortest first. */
  latencies: number[]
  idle: number | undefined
  resident: number | undefined
  intake: number
  schedules: ScheduleFigures
  hotel: HotelFigures
}

const median = (values: number[]) =>
  percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  )
const round = (value: number | undefined, digits = 1) =>
  value === undefined ? null : Number(value.toFixed(digits))

function results({ rates, bursts, lanes, ...more }: Figures) {
  const [ours, four, branch] = [median(rates.ours), median(rates.four), median(rates.branch)]
  return {
    machine: { cpus: cpus().length, model: cpus()[0]?.model ?? null, node: process.version },
    attendance_runs_per_second: {
      service: round(ours),
      bare_dbos_four_steps: round(four),
      bare_dbos_branching: round(branch),
      times_as_fast_as_four_steps: round(ours / four, 2),
      times_as_fast_as_branching: round(ours / branch, 2),
      closed_loop_lanes: lanes,
    },
    burst_runs_per_second: burstResults(bursts),
    latency_ms_at_50_per_second: {
      p50: round(percentile(more.latencies, 0.5)),
      p99: round(percentile(more.latencies, 0.99)),
      events: more.latencies.length,
    },
    intake_alone_per_second: round(more.intake, 0),
    idle_cpu_percent_of_a_core: round(more.idle),
    resident_megabytes_after_load: more.resident ?? null,
    schedules: scheduleResults(more.schedules),
    hotel_day: hotelResults(more.hotel),
  }
}

/** What watching costs: a burst that is watched as the closed loop is, beside one that is left alone. */
function burstResults({ events, ...rates }: Figures['bursts']) {
  const [ours, four] = [median(rates.ours), median(rates.four)]
  const cost = (watched: number[], alone: number) => round((1 - median(watched) / alone) * 100)
  return {
    events,
    service: round(ours),
    bare_dbos_four_steps: round(four),
    times_as_fast_as_four_steps: round(ours / four, 2),
    watching_costs_percent: {
      service: cost(rates.oursWatched, ours),
      bare_dbos_four_steps: cost(rates.fourWatched, four),
    },
  }
}

function scheduleResults(figures: ScheduleFigures) {
  const { spread, together, idleWithout, idleWith } = scheduleFigures(figures)
  const cost = idleWith === undefined || idleWithout === undefined ? undefined : idleWith - idleWithout
  return {
    lateness_ms_of_1000_in_a_minute: spread,
    lateness_ms_of_1000_at_once: together,
    idle_cpu_percent_of_10000: round(cost, 2),
  }
}

/** Each beside the punches of the same service in the same turns. */
function hotelResults({ roomReady, ...rates }: HotelFigures) {
  const [punches, rooms, bookings] = [median(rates.attendance), median(rates.rooms), median(rates.bookings)]
  return {
    attendance_events_per_second: round(punches),
    room_events_per_second: round(rooms),
    room_events_per_punch: round(rooms / punches, 2),
    booking_events_per_second: round(bookings),
    booking_events_per_punch: round(bookings / punches, 2),
    room_ready_to_email_ms: {
      p50: round(percentile(roomReady, 0.5)),
      p99: round(percentile(roomReady, 0.99)),
      guests: roomReady.length,
    },
  }
}

export function report(figures: Figures): void {
  const result = results(figures)
  const burst = result.burst_runs_per_second
  const runs = result.attendance_runs_per_second
  const latency = result.latency_ms_at_50_per_second
  const hotel = result.hotel_day
  const { schedules } = result
  const row = (what: string, value: unknown, wanted: string) =>
    `  ${what.padEnd(58)}${String(value).padStart(10)}   ${wanted}\n`
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n\n`)
  process.stdout.write(
    row('attendance runs/s, HTTP request to completed run', runs.service, '') +
      row('  bare DBOS, four tasks as four steps', runs.bare_dbos_four_steps, '') +
      row('  bare DBOS, the fourth step only when late', runs.bare_dbos_branching, '') +
      row('times as fast as four steps', runs.times_as_fast_as_four_steps, '2.0 or more') +
      row('times as fast as branching', runs.times_as_fast_as_branching, '') +
      row(`burst of ${burst.events}, runs/s, first request to last completed run`, burst.service, '') +
      row('  bare DBOS, four tasks as four steps', burst.bare_dbos_four_steps, '') +
      row('burst, times as fast as four steps', burst.times_as_fast_as_four_steps, '2.5 or more') +
      row('watching costs the service, % of a burst', burst.watching_costs_percent.service, '') +
      row('  bare DBOS', burst.watching_costs_percent.bare_dbos_four_steps, '') +
      row('latency at 50 events/s, p50 ms', latency.p50, '60 or less') +
      row('latency at 50 events/s, p99 ms', latency.p99, '150 or less') +
      row('intake alone, events/s answered 202', result.intake_alone_per_second, '1000 or more') +
      row('idle CPU of the service, % of a core', result.idle_cpu_percent_of_a_core, '5 or less') +
      row('resident memory after the load, MB', result.resident_megabytes_after_load, '200 or less') +
      row(
        '1,000 schedules due in a minute, p99 late, ms',
        schedules.lateness_ms_of_1000_in_a_minute.p99,
        '300 or less',
      ) +
      row('  all at the same instant', schedules.lateness_ms_of_1000_at_once.p99, '300 or less') +
      row(
        '10,000 schedules that are not due, % of a core',
        schedules.idle_cpu_percent_of_10000,
        '1 or less',
      ) +
      row('with its other services: attendance events/s', hotel.attendance_events_per_second, '') +
      row('  room events/s, all runs completed', hotel.room_events_per_second, '') +
      row('  booking events/s, e-mail accepted, predictions made', hotel.booking_events_per_second, '') +
      row('room clean to e-mail accepted, p50 ms', hotel.room_ready_to_email_ms.p50, '') +
      row('room clean to e-mail accepted, p99 ms', hotel.room_ready_to_email_ms.p99, ''),
  )
}
