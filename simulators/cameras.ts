/** The staff-door cameras: they live through hotel days in accelerated time, over HTTP or RabbitMQ. */
import { setTimeout as delay } from 'node:timers/promises'
import { BASE } from '../src/contract/api.ts'
import type { Sql } from '../src/db/sql.ts'
import { addDays, atLocal, localDate } from '../src/domain/hotel-time.ts'
import { openPublisher } from './amqp-publisher.ts'
import { planStaffDay, type Rostered, type Sending } from './staff-day.ts'

export interface Cameras {
  /** Hotel time, accelerated. */
  clock(): Date
  readonly sent: number
  /** How the events travel. */
  readonly via: 'HTTP' | 'RabbitMQ'
  stop(): Promise<void>
}

export interface CameraOptions {
  sql: Sql
  serviceUrl: string
  rabbitmqUrl: string | undefined
  timezone: string
  /** Hotel seconds per real second. */
  speed: number
}

/** Hotel clock at which each day's cameras begin: before the first shift, while the night shift is still in. */
const WAKE_UP = '04:40'

/** Goes on with the day after the last one on record, so that a second start continues the history. */
export async function startCameras(options: CameraOptions): Promise<Cameras> {
  const { sql, timezone, speed } = options
  const roster = await sql.query<Rostered>(
    `select employee_id, day_of_week, to_char(start_time, 'HH24:MI') as start_time,
            to_char(end_time, 'HH24:MI') as end_time
     from employee_schedules order by employee_id, day_of_week`,
  )
  const [last] = await sql.query<{ at: Date | null }>(
    'select max(shift_date)::timestamp at time zone $1 as at from attendance_logs',
    [timezone],
  )
  const firstDate = last?.at
    ? addDays(localDate(last.at, timezone), 1)
    : addDays(localDate(new Date(), timezone), -7)
  const send = await openSender(options)
  const stop = new AbortController()
  const realStart = Date.now()
  const hotelStart = atLocal(firstDate, WAKE_UP, timezone).getTime()
  const clock = () => new Date(hotelStart + (Date.now() - realStart) * speed)
  let sent = 0

  async function live(): Promise<void> {
    for (let date = firstDate; !stop.signal.aborted; date = addDays(date, 1)) {
      for (const sending of planStaffDay(date, roster, timezone)) {
        const wait = (sending.at.getTime() - clock().getTime()) / speed
        if (wait > 0) await delay(wait, undefined, { signal: stop.signal }).catch(() => {})
        if (stop.signal.aborted) return
        // A camera that gets no answer keeps the picture and sends it again.
        while (!stop.signal.aborted && !(await send.one(sending))) await delay(500)
        sent += 1
      }
    }
  }
  const living = live()
  return {
    clock,
    via: options.rabbitmqUrl ? 'RabbitMQ' : 'HTTP',
    get sent() {
      return sent
    },
    async stop() {
      stop.abort()
      await living
      await send.close()
    },
  }
}

interface Sender {
  /** True: taken or refused for good; false: try again. */
  one(sending: Sending): Promise<boolean>
  close(): Promise<void>
}

async function openSender({ rabbitmqUrl, serviceUrl }: CameraOptions): Promise<Sender> {
  if (!rabbitmqUrl) return { one: (sending) => post(serviceUrl, sending), close: async () => {} }
  const publisher = await openPublisher(rabbitmqUrl)
  return {
    one: async ({ body, raw, key }) =>
      publisher.publish('attendance', raw === undefined ? body : Buffer.from(raw), key).then(
        () => true,
        () => false,
      ),
    close: () => publisher.close(),
  }
}

async function post(serviceUrl: string, { body, raw, key }: Sending): Promise<boolean> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key }
  try {
    const url = `${serviceUrl}${BASE}/events/attendance`
    const answer = await fetch(url, { method: 'POST', headers, body: raw ?? JSON.stringify(body) })
    await answer.arrayBuffer()
    return answer.status < 500 && answer.status !== 429
  } catch {
    return false
  }
}
