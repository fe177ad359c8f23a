import { afterAll, beforeAll, expect, it } from 'vitest'
import { handleGuestRequest } from '../../../../src/hotel/guest-requests/handle-guest-request.flow.ts'
import type { HotelRules } from '../../../../src/hotel/hotel-rules.ts'
import { sendGuestNotification } from '../../../../src/hotel/messages/send-guest-notification.flow.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { eventually } from '../../../support/eventually.ts'
import { addStays, requests, TOWELS } from './guests.ts'
import { addSupervisors, messages, staffDeps } from './staff-rig.ts'

let test: TestDatabase
let rig: DurableRig
beforeAll(async () => {
  test = await createTestDatabase({ max: 20 })
  await addSupervisors(test.database)
  await addStays(test.database)
  const deps = await staffDeps(test.database, { quietHours: nearlyAllDay() })
  rig = await openDurableRig([handleGuestRequest, sendGuestNotification], deps, undefined, test)
})
afterAll(async () => {
  await rig?.close()
  await test?.drop()
})

const ask = (runId: string, parameters: object) =>
  rig.engine.start({ runId, flow: handleGuestRequest, parameters })
const request = async (runId: string) =>
  (await requests(test.database)).find(({ run_id }) => run_id === runId)

it('a cancel withdraws the request', async () => {
  await ask('fr_cancelled', TOWELS)
  await eventually('the wait', async () => (await rig.status('fr_cancelled')) === 'waiting')
  await rig.engine.cancel('fr_cancelled')
  expect(await rig.ended('fr_cancelled')).toMatchObject({ status: 'cancelled', flagged: undefined })
  expect(await request('fr_cancelled')).toMatchObject({ status: 'cancelled', finished_at: expect.any(Date) })
})

it('a guest who is written to in the morning does not hold up the request; what is done stays done', async () => {
  await ask('fr_night', { ...TOWELS, room_number: '202' })
  await eventually('the held message', async () =>
    (await messages(test.database, 'request_received')).some(({ status }) => status === 'held'),
  )
  await rig.engine.signal('fr_night', 'task_finished', { finished_by: 'EMP007' })
  await eventually('the request to be done', async () => (await request('fr_night'))?.status === 'done')
  expect(await rig.status('fr_night')).not.toBe('completed')
  await rig.engine.cancel('fr_night')
  expect(await rig.ended('fr_night')).toMatchObject({ status: 'cancelled', flagged: undefined })
  expect(await request('fr_night')).toMatchObject({ status: 'done', finished_by: 'EMP007' })
})

it('what the guest wrote, and who it was, is in no log', async () => {
  await ask('fr_logged', TOWELS)
  await rig.engine.signal('fr_logged', 'task_finished', { finished_by: 'EMP007' })
  expect(await rig.ended('fr_logged')).toMatchObject({ status: 'completed', result: { status: 'finished' } })
  expect(await rig.logs('fr_logged')).toContain('request opened')
  const lines = await test.database.query('select message, fields from prefect.run_logs')
  expect(JSON.stringify(lines)).not.toMatch(/khăn|Hoa|khach|\+849/)
})

/** Quiet hours that now lies in, whenever the test runs. */
function nearlyAllDay(): HotelRules['quietHours'] {
  const clock = (hoursAgo: number) =>
    new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Ho_Chi_Minh', timeStyle: 'short' }).format(
      Date.now() - hoursAgo * 3_600_000,
    )
  return { from: clock(1), to: clock(2) }
}
