import { afterAll, beforeAll, expect, it } from 'vitest'
import { InboxList } from '../../../src/platform/contract/inbox.ts'
import { type InboxRig, openInboxRig } from './inbox-rig.ts'

let rig: InboxRig
beforeAll(async () => {
  rig = await openInboxRig()
})
afterAll(() => rig.close())

it('is filtered, counted by kind, and read by page or cursor', async () => {
  await rig.database.query(
    `insert into prefect.refund_requests (id, booking_id, amount, reason, created_at)
     select 'page_' || n, 'PAGE', n, 'x', timestamptz '2025-01-17 08:00:00Z' from generate_series(1, 5) n`,
  )
  const first = (await rig.call('GET', 'inbox?subject=booking:PAGE&limit=2')).body
  expect(InboxList.parse(first)).toMatchObject({ total: 5, total_is_estimate: false, limit: 2 })
  expect(first.counts).toMatchObject({ refund_request: 5, failed_run: 0, wait: 0 })
  const cursor = first.next_cursor
  const rest = (await rig.call('GET', `inbox?subject=booking:PAGE&limit=3&cursor=${cursor}`)).body
  expect([...first.entries, ...rest.entries].map(({ id }) => id)).toEqual(
    [1, 2, 3, 4, 5].map((n) => `refund_request.page_${n}`),
  )
  expect(rest.next_cursor).toBeNull()
  const skipped = await rig.entries('?subject=booking:PAGE&offset=4')
  expect(skipped.map(({ id }) => id)).toEqual(['refund_request.page_5'])
  expect(await rig.call('GET', `inbox?who=accounts&cursor=${cursor}`)).toMatchObject({
    status: 422,
    body: { code: 'invalid_cursor' },
  })
  expect(new Set((await rig.entries('?who=accounts')).map(({ kind }) => kind))).toEqual(
    new Set(['refund_request']),
  )
  await rig.database.query(`delete from prefect.refund_requests where booking_id = 'PAGE'`)
})

it('tells what is overdue', async () => {
  await rig.start('wait_for_choice', 'fr_due', { guest: 'G4', within: 600 })
  const { id } = await rig.entryOf('wait', 'fr_due')
  expect((await rig.entries('?overdue=false')).map((one) => one.id)).toContain(id)
  expect(await rig.entries('?overdue=true')).toEqual([])
})

it('names the kinds there are, and takes no parameter it does not know', async () => {
  expect(await rig.call('GET', 'inbox?kind=failed_runs')).toMatchObject({
    status: 422,
    body: { errors: [{ path: 'query.kind', message: expect.stringContaining('"failed_run"') }] },
  })
  expect((await rig.call('GET', 'inbox?knd=wait')).status).toBe(422)
})

it('is read with `read` and settled with `workflows:write`', async () => {
  expect((await rig.call('GET', 'inbox', { key: 'read' })).status).toBe(200)
  expect((await rig.call('GET', 'inbox/decisions', { key: 'read' })).status).toBe(200)
  expect((await rig.call('POST', 'inbox/x/y', { key: 'read' })).status).toBe(403)
  expect((await rig.settle('failed_run.nobody.1', 'retry')).status).toBe(404)
  expect((await rig.settle('nonsense', 'retry')).status).toBe(404)
})
