/** A guest's request that failed in the middle, looked at before it is retried: who hears of it a second time. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { handleGuestRequest } from '../../../../src/hotel/guest-requests/handle-guest-request.flow.ts'
import { sendGuestNotification } from '../../../../src/hotel/messages/send-guest-notification.flow.ts'
import { notificationsOfRuns } from '../../../../src/platform/notifications/run-notifications.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { addStays, requests, TOWELS } from './guests.ts'
import { addSupervisors, messages, staffDeps } from './staff-rig.ts'

let test: TestDatabase
let rig: DurableRig
beforeAll(async () => {
  test = await createTestDatabase({ max: 20 })
  await addSupervisors(test.database)
  await addStays(test.database)
  const deps = await staffDeps(test.database)
  rig = await openDurableRig([handleGuestRequest, sendGuestNotification], deps, undefined, test)
})
afterAll(async () => {
  await rig?.close()
  await test?.drop()
})

it('opens another request from the top, and its department hears of that one, too: as the preview said', async () => {
  const runId = 'fr_towels'
  await test.database.query(
    `alter table prefect.guest_requests add constraint never_done check (status <> 'done')`,
  )
  await rig.engine.start({ runId, flow: handleGuestRequest, parameters: TOWELS })
  await rig.engine.signal(runId, 'task_finished', { finished_by: 'EMP007' })
  expect(await rig.ended(runId)).toMatchObject({ status: 'failed', flagged: undefined })
  await test.database.query('alter table prefect.guest_requests drop constraint never_done')

  const plan = await rig.engine.planRetry(runId)
  if (plan.kind !== 'plan') throw new Error(plan.kind)
  expect(plan).toMatchObject({ kept: [], anewFrom: 0 })
  // The opening shows by its part; its undo, `close_request`, is no work to repeat.
  expect(plan.runsAgain.map(({ name }) => name)).toEqual([
    'classify_request',
    'find_guest',
    'tell_staff',
    'send_guest_notification',
    'task_finished',
    'finish_request',
  ])
  expect(plan.children.map(({ workflowName, becomes }) => [workflowName, becomes])).toEqual([
    ['send_guest_notification', 'started_anew'],
  ])
  const again = await notificationsOfRuns(test.database, plan.speakers)
  expect(again).toContainEqual(
    expect.objectContaining({ template: 'guest_request', recipient: 'U0HOUSE', sent_once: false }),
  )

  expect(await rig.engine.retryFrom(runId)).toEqual(plan)
  expect(await rig.ended(runId)).toMatchObject({ status: 'completed', result: { status: 'finished' } })
  expect((await requests(test.database)).map(({ status }) => status)).toEqual(['cancelled', 'done'])
  expect((await messages(test.database, 'guest_request')).map(({ recipient }) => recipient)).toEqual([
    'U0HOUSE',
    'U0HOUSE',
  ])
})
