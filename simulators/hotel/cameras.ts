/** The staff-door cameras: they live through hotel days in accelerated time, over HTTP or RabbitMQ. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Sql } from '../../src/platform/postgres/sql.ts'
import { addDays } from '../../src/platform/time/local-time.ts'
import type { EventSender } from './event-sender.ts'
import type { HotelClock } from './hotel-clock.ts'
import { planStaffDay, type Rostered } from './staff-day.ts'

export interface Cameras {
  readonly sent: number
  stop(): Promise<void>
}

export interface CameraOptions {
  sql: Sql
  clock: HotelClock
  sender: EventSender
  timezone: string
  /** The first day they see, 'YYYY-MM-DD'. */
  from: string
}

export async function startCameras({ sql, clock, sender, timezone, from }: CameraOptions): Promise<Cameras> {
  const roster = await sql.query<Rostered>(
    `select employee_id, day_of_week, to_char(start_time, 'HH24:MI') as start_time,
            to_char(end_time, 'HH24:MI') as end_time
     from employee_schedules order by employee_id, day_of_week`,
  )
  const stop = new AbortController()
  let sent = 0

  async function live(): Promise<void> {
    for (let date = from; !stop.signal.aborted; date = addDays(date, 1)) {
      for (const { at, ...sighting } of planStaffDay(date, roster, timezone)) {
        await delay(clock.until(at), undefined, { signal: stop.signal }).catch(() => {})
        if (stop.signal.aborted) return
        // A camera that gets no answer keeps the picture and sends it again.
        const event = { kind: 'attendance' as const, ...sighting }
        while (!stop.signal.aborted && !(await sender.send(event))) await delay(500)
        sent += 1
      }
    }
  }
  const living = live()
  return {
    get sent() {
      return sent
    },
    async stop() {
      stop.abort()
      await living
    },
  }
}
