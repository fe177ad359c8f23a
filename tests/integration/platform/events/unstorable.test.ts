import { afterAll, beforeAll, expect, test } from 'vitest'
import { openIntake } from '../../../../src/app/event-intake.ts'
import { readConfig } from '../../../../src/config.ts'
import { FLOWS } from '../../../../src/hotel/catalogue.ts'
import { EventRefused, LONGEST_RAW } from '../../../../src/platform/contract/intake.ts'
import { createMetrics } from '../../../../src/platform/observability/metrics.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'

let place: TestDatabase
beforeAll(async () => {
  place = await createTestDatabase()
})
afterAll(() => place.drop())

const intake = () =>
  openIntake(readConfig({}), {
    database: place.database,
    flows: new Map(FLOWS.map((flow) => [flow.name, flow])),
    metrics: createMetrics(),
    wake: () => {},
  })

/** What is kept of the newest event, which was refused. */
async function lastKept() {
  const rows = await place.database.query<{ status: string; body: string | null; raw: string | null }>(
    'select status, body::text as body, raw from prefect.events order by received_at desc limit 1',
  )
  return rows[0]
}

test.each([
  ['a NUL and many emoji', `{"employee_id": "x\\u0000", "note": "${'😀'.repeat(6_000)}"}`],
  ['a nesting of ten thousand levels', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  ['a lone surrogate and a long odd field name', `{"${'😀'.repeat(1_500)}": "\\ud83d", "employee_id": 1}`],
])('%s are refused, and kept as far as they can be', async (_what, text) => {
  const event = { kind: 'attendance', source: 'amqp', body: JSON.parse(text), text } as const
  await expect(intake().accept(event)).rejects.toMatchObject({
    name: 'EventRefused',
    code: 'unstorable_value',
  })
  const raw = text.slice(0, LONGEST_RAW).replace(/\p{Cs}$/u, '\uFFFD')
  expect(await lastKept()).toEqual({ status: 'rejected', body: null, raw })
})

test('a text that is cut in the middle of an emoji is kept', async () => {
  // After the first letter every second place is the middle of one.
  expect(LONGEST_RAW % 2).toBe(0)
  const raw = `x${'😀'.repeat(LONGEST_RAW)}`
  await intake().reject({ kind: 'attendance', source: 'amqp', raw, reason: 'not JSON' })
  expect(await lastKept()).toEqual({
    status: 'rejected',
    body: null,
    raw: `${raw.slice(0, LONGEST_RAW - 1)}\uFFFD`,
  })
})

test('a key that cannot be stored is refused', async () => {
  const body = { employee_id: 'E1', timestamp: '2025-01-17T08:30:00Z', action: 'check_in', confidence: 0.9 }
  const accepting = intake().accept({ kind: 'attendance', source: 'amqp', body, senderKey: 'a\u0000b' })
  await expect(accepting).rejects.toBeInstanceOf(EventRefused)
  expect(await lastKept()).toMatchObject({ status: 'rejected', body: JSON.stringify(body) })
})

test('two events of one batch under one key: one is accepted, the other answered like it; another body is a conflict', async () => {
  const body = { employee_id: 'E2', timestamp: '2025-01-17T08:30:00Z', action: 'check_in', confidence: 0.9 }
  const door = intake()
  const send = (confidence: number) =>
    door.accept({ kind: 'attendance', source: 'http', senderKey: 'same', body: { ...body, confidence } })
  const [first, second, third] = await Promise.allSettled([send(0.9), send(0.9), send(0.8)])
  expect(first).toMatchObject({ status: 'fulfilled', value: { replayed: false } })
  expect(second).toMatchObject({ status: 'fulfilled', value: { replayed: true } })
  expect(third).toMatchObject({ status: 'rejected', reason: { code: 'idempotency_conflict' } })
})
