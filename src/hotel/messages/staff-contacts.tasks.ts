/** Where the people who answer for something can be reached. */

import type { StaffMessage } from '../../platform/notifications/staff-messages.ts'
import type { Sql } from '../../platform/postgres/sql.ts'
import type { HotelRules } from '../hotel-rules.ts'
import { supervisorsOf } from './staff-contacts.sql.ts'

export type StaffContact = Pick<StaffMessage, 'channel' | 'recipient'>

/** The department's supervisors, in Slack. Where it has none, the duty manager is. */
export async function departmentContacts(
  sql: Sql,
  department: string,
  hotel: Pick<HotelRules, 'dutyManager'>,
): Promise<StaffContact[]> {
  const supervisors = await supervisorsOf(sql, department)
  if (supervisors.length === 0) return dutyManagerContacts(hotel, ['slack'])
  return supervisors.map((recipient) => ({ channel: 'slack', recipient }))
}

/** By each of the channels the hotel named. */
export function dutyManagerContacts(
  { dutyManager: { slack, phone } }: Pick<HotelRules, 'dutyManager'>,
  channels: readonly StaffMessage['channel'][],
): StaffContact[] {
  const known = { slack, sms: phone }
  return channels.flatMap((channel) => {
    const recipient = known[channel]
    return recipient === undefined ? [] : [{ channel, recipient }]
  })
}
