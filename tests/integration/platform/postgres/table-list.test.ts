import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type EventFilter, listEvents } from '../../../../src/platform/events/event-list.ts'
import {
  listNotifications,
  type NotificationFilter,
} from '../../../../src/platform/notifications/notifications.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { pagesOf } from './pages.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
  // Three at a time in the same microsecond.
  await test.database.query(
    `insert into prefect.events (id, kind, source, received_at, payload, status, subjects)
     select 'evt_' || md5(n::text), (array['booking', 'anomaly', 'room_status'])[n % 3 + 1], 'http',
       timestamptz '2025-01-17 08:00Z' + n / 3 * interval '1 minute 7 microseconds', '{}',
       case when n % 6 = 0 then 'rejected' else 'accepted' end,
       array['room:' || 100 + n % 4, 'guest:' || n % 2] from generate_series(1, 90) n`,
  )
  await test.database.query(
    `insert into prefect.notifications (id, channel, recipient, template, subject_key, language, body, status, subjects, created_at)
     select 'ntf_' || md5(n::text), (array['slack', 'email', 'sms'])[n % 3 + 1], 'U1', (array['late', 'ready'])[n % 2 + 1],
       n::text, 'vi', 'text', (array['sent', 'sent', 'failed', 'held'])[n % 4 + 1], array['room:' || 100 + n % 4],
       timestamptz '2025-01-17 08:00Z' + n / 3 * interval '1 minute 7 microseconds' from generate_series(1, 90) n`,
  )
  await test.database.query(
    `insert into prefect.subject_index (subject, kind, id, at)
     select unnest(subjects), 'event', id, received_at from prefect.events
     union all select unnest(subjects), 'notification', id, created_at from prefect.notifications`,
  )
})
afterAll(() => test.drop())

const sometimes = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const search = sometimes(fc.constantFrom('evt_1', 'NTF_a', 'room:10', 'room:101', 'ROOM:101'))
const subject = sometimes(fc.constantFrom('room:101', 'guest:1', 'room:9'))
const time = fc
  .integer({ min: -1, max: 32 })
  .map((minutes) => new Date(Date.UTC(2025, 0, 17, 8, minutes, 30)))
const among = (list: readonly string[] | undefined, value: string) => list?.includes(value) ?? true

interface Listed {
  id: string
  subjects: string[]
}
const isFound = (
  { id, subjects }: Listed,
  filter: { subject?: string | undefined; search?: string | undefined },
) =>
  (filter.subject === undefined || subjects.includes(filter.subject)) &&
  (filter.search === undefined ||
    id.startsWith(filter.search.toLowerCase()) ||
    subjects.some((each) => each.startsWith(filter.search ?? '')))

it('any filters of events, by any road and page by page, give what the rows themselves say', async () => {
  const rows = await test.database.query<Listed & { kind: string; status: string; received_at: Date }>(
    'select id, kind, status, subjects, received_at from prefect.events order by received_at desc, id',
  )
  const anyFilter: fc.Arbitrary<EventFilter> = fc.record({
    kinds: sometimes(fc.subarray(['booking', 'anomaly', 'nothing'], { minLength: 1 })),
    statuses: sometimes(fc.subarray(['accepted', 'rejected'] as const, { minLength: 1 })),
    ...{ subject, search, receivedAfter: sometimes(time), receivedBefore: sometimes(time) },
  })
  const limits = [fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 5_000)] as const
  await fc.assert(
    fc.asyncProperty(anyFilter, ...limits, async (filter, limit, narrow) => {
      const wanted = rows
        .filter(
          (row) =>
            among(filter.kinds, row.kind) && among(filter.statuses, row.status) && isFound(row, filter),
        )
        .filter(({ received_at }) => received_at >= (filter.receivedAfter ?? received_at))
        .filter(({ received_at }) => received_at <= (filter.receivedBefore ?? received_at))
      const pages = await pagesOf((page) => listEvents(test.database, filter, page, { narrow }), limit)
      expect(pages.flatMap(({ events }) => events.map((event) => event.event_id))).toEqual(
        wanted.map(({ id }) => id),
      )
      expect(pages[0]?.total).toBe(wanted.length)
    }),
    { numRuns: 60 },
  )
}, 60_000)

it('any filters of messages do too', async () => {
  const rows = await test.database.query<Listed & { status: string; template: string; channel: string }>(
    'select id, status, template, channel, subjects from prefect.notifications order by created_at desc, id',
  )
  const anyFilter: fc.Arbitrary<NotificationFilter> = fc.record({
    statuses: sometimes(fc.subarray(['sent', 'failed', 'dropped'] as const, { minLength: 1 })),
    templates: sometimes(fc.subarray(['late', 'ready'], { minLength: 1 })),
    channels: sometimes(fc.subarray(['slack', 'email'] as const, { minLength: 1 })),
    ...{ subject, search },
  })
  const limits = [fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 5_000)] as const
  await fc.assert(
    fc.asyncProperty(anyFilter, ...limits, async (filter, limit, narrow) => {
      const wanted = rows.filter(
        (row) =>
          among(filter.statuses, row.status) &&
          among(filter.templates, row.template) &&
          among(filter.channels, row.channel) &&
          isFound(row, filter),
      )
      const pages = await pagesOf((page) => listNotifications(test.database, filter, page, { narrow }), limit)
      const ids = pages.flatMap(({ notifications }) =>
        notifications.map((message) => message.notification_id),
      )
      expect(ids).toEqual(wanted.map(({ id }) => id))
      expect(pages[0]?.total).toBe(wanted.length)
    }),
    { numRuns: 60 },
  )
}, 60_000)
