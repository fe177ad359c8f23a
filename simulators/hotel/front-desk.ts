/** Everyone in the hotel but the cameras at the staff door: guests come and go, rooms are cleaned, things happen. */
import { setTimeout as delay } from 'node:timers/promises'
import { BASE } from '../../src/platform/contract/api.ts'
import type { Sql } from '../../src/platform/postgres/sql.ts'
import { addDays } from '../../src/platform/time/local-time.ts'
import type { EventSender } from './event-sender.ts'
import type { HotelClock } from './hotel-clock.ts'
import { type Act, planHotelDay } from './hotel-day.ts'
import { acknowledge, settleEntries } from './inbox-errands.ts'
import { type Room, readStays } from './stays.ts'

export interface FrontDesk {
  readonly sent: number
  stop(): Promise<void>
}

export interface FrontDeskOptions {
  sql: Sql
  serviceUrl: string
  clock: HotelClock
  sender: EventSender
  timezone: string
  rooms: readonly Room[]
  /** The first day, 'YYYY-MM-DD'. */
  from: string
  /** A booking event happens in the property system first. */
  inPropertySystem(body: unknown): void
  /** Somebody gives the room away in the property system, and it is not told: a move there fails half way. */
  takeUnannounced(roomNumber: string, date: string): void
  /** The property system sells the room of this booking again as soon as it is cancelled. */
  sellAgain(bookingId: string): void
}

const MINUTE = 60_000

export function startFrontDesk(options: FrontDeskOptions): FrontDesk {
  const { clock, timezone } = options
  const stop = new AbortController()
  const errands = new Set<Promise<unknown>>()
  let sent = 0
  const wait = (at: Date) => delay(clock.until(at), undefined, { signal: stop.signal }).catch(() => {})

  async function live(): Promise<void> {
    for (let date = options.from; !stop.signal.aborted; date = addDays(date, 1)) {
      const stays = await readStays(options.sql)
      for (const act of planHotelDay(date, { rooms: options.rooms, stays, timezone })) {
        await wait(act.at)
        if (stop.signal.aborted) return
        const errand = perform(act).catch(() => {})
        errands.add(errand.finally(() => errands.delete(errand)))
        sent += 1
      }
    }
  }

  async function perform(act: Act): Promise<void> {
    if (act.do === 'take_unannounced') return options.takeUnannounced(act.roomNumber, act.date)
    if (act.do === 'acknowledge') return acknowledge(api, act.workflow)
    if (act.do === 'settle') return settleEntries(api, act)
    if (act.do === 'promise_refund') return promiseRefund(options, act.bookingId, act.amount)
    if (act.do === 'event') {
      if (act.event.kind === 'booking') options.inPropertySystem(act.event.body)
      // Whoever gets no answer sends again.
      while (!stop.signal.aborted && !(await options.sender.send(act.event))) await delay(500)
      return
    }
    const { workflow, parameters, key, finishedAfterMinutes } = act
    const body = { workflow_name: workflow, parameters, idempotency_key: key }
    const { flow_run_id } = (await api('POST', 'workflows/trigger', body)) as { flow_run_id: string }
    if (finishedAfterMinutes === undefined) return
    await wait(new Date(act.at.getTime() + finishedAfterMinutes * MINUTE))
    await api('POST', `workflows/signal/${flow_run_id}/task_finished`, { payload: { finished_by: 'EMP002' } })
  }

  async function api(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${options.serviceUrl}${BASE}/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    return answer.json()
  }

  const living = live()
  return {
    get sent() {
      return sent
    },
    async stop() {
      stop.abort()
      await living
      await Promise.all(errands)
    },
  }
}

async function promiseRefund(
  { sql, sellAgain }: FrontDeskOptions,
  bookingId: string,
  amount: number,
): Promise<void> {
  sellAgain(bookingId)
  await sql.query(
    `insert into prefect.refund_requests (id, booking_id, amount, reason)
     values ('refund_by_hand_' || $1, $1, $2, 'Promised by the accounts') on conflict do nothing`,
    [bookingId, amount],
  )
}
