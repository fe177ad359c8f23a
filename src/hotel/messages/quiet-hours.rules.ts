import type { Channel } from '../../platform/contract/notification.ts'
import { addDays, atLocal, localDate } from '../../platform/time/local-time.ts'
import type { GuestTemplate } from './guest-notification.parameters.ts'

/** Hotel wall clock, 'HH:MM'; may cross midnight. Both the same: there are none. */
export interface QuietHours {
  from: string
  to: string
}

/** When the quiet hours that `at` lies in are over; undefined outside them. They begin at `from` and end before `to`. */
export function quietUntil(at: Date, { from, to }: QuietHours, timezone: string): Date | undefined {
  if (from === to) return undefined
  const today = localDate(at, timezone)
  // The ones that began last evening, and the ones that begin today.
  for (const date of [addDays(today, -1), today]) {
    const begin = atLocal(date, from, timezone)
    const end = atLocal(from < to ? date : addDays(date, 1), to, timezone)
    if (begin <= at && at < end) return end
  }
  return undefined
}

/** Answers to what the guest has just done: whoever books at midnight is awake, and an email rings no bell. */
const ANSWERS: readonly GuestTemplate[] = [
  'booking_confirmation',
  'booking_modified',
  'booking_cancelled',
  'request_received',
  'request_finished',
]

/** Whether the message waits for the end of quiet hours. */
export function respectsQuietHours(template: GuestTemplate, channel: Channel): boolean {
  return channel !== 'email' || !ANSWERS.includes(template)
}
