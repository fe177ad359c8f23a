import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { bothPress, type InboxRig, openInboxRig } from './inbox-rig.ts'

let rig: InboxRig
beforeAll(async () => {
  rig = await openInboxRig()
})
afterAll(() => rig.close())

async function decisionsOf(id: string) {
  const { body } = await rig.call('GET', 'inbox/decisions?kind=wait&limit=200')
  return body.decisions.filter((one: { id: string }) => one.id === id)
}

describe('wait', () => {
  it('a wrong payload is refused by field, and the run goes on waiting', async () => {
    await rig.start('wait_for_choice', 'fr_wrong', { guest: 'G1', within: 600 })
    const entry = await rig.entryOf('wait', 'fr_wrong')
    expect(entry).toMatchObject({
      title: 'The guest chooses a room',
      who: 'front_office',
      subjects: ['guest:G1'],
      details: { workflow_name: 'wait_for_choice', signal: 'room_choice' },
      actions: [{ action: 'answer', input: { type: 'object', required: ['room_number', 'nights'] } }],
    })
    expect(Date.parse(entry.due_at ?? '') - Date.parse(entry.since)).toBe(600_000)
    const payload = { room_number: 7, nights: 0, floor: 1 }
    const wrong = [
      await rig.settle(entry.id, 'answer', { payload }),
      await rig.call('POST', 'workflows/signal/fr_wrong/room_choice', { body: { payload } }),
    ]
    for (const { status, body } of wrong) {
      expect(status).toBe(422)
      expect(body.errors.map(({ path }: { path: string }) => path)).toEqual([
        'body.payload.room_number',
        'body.payload.nights',
        'body.payload',
      ])
    }
    expect(await rig.durable.status('fr_wrong')).toBe('waiting')
    expect((await rig.entryOf('wait', 'fr_wrong')).id).toBe(entry.id)
    expect(await rig.call('POST', 'workflows/signal/fr_wrong/room_chioce')).toMatchObject({
      status: 404,
      body: { code: 'unknown_signal', detail: expect.stringContaining('"room_choice"') },
    })
  })

  it('is answered once, also while the run is suspended', async () => {
    await rig.start('wait_for_choice', 'fr_wait', { guest: 'G2', within: 600 })
    const entry = await rig.entryOf('wait', 'fr_wait')
    await eventually('it is suspended', async () => {
      const text = 'select status from dbos.workflow_status where workflow_uuid = $1'
      const [row] = await rig.database.query<{ status: string }>(text, ['fr_wait'])
      return row?.status === 'DELAYED' || undefined
    })
    expect((await rig.entryOf('wait', 'fr_wait')).id).toBe(entry.id)
    const payload = { room_number: '305', nights: 2 }
    const { won, by } = await bothPress(rig, entry.id, 'answer', 'answer', payload)
    expect(won.payload).toEqual(payload)
    expect(await rig.durable.ended('fr_wait')).toMatchObject({
      status: 'completed',
      result: { chosen: payload },
    })
    const again = await rig.settle(entry.id, 'answer', { payload, by })
    expect(again).toMatchObject({ status: 200, body: won, headers: { 'idempotent-replayed': 'true' } })
    expect(await rig.settle(entry.id, 'answer', { payload: { ...payload, nights: 3 }, by })).toMatchObject({
      status: 409,
    })
    const sent = await rig.database.query(`select from prefect.run_signals where run_id = 'fr_wait'`)
    expect(sent).toHaveLength(1)
    expect(await decisionsOf(entry.id)).toHaveLength(1)
    expect(await rig.call('GET', `inbox/${entry.id}`)).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('answer') },
    })
  })

  it('whose time passed is no entry any more', async () => {
    await rig.start('wait_for_choice', 'fr_late', { guest: 'G3', within: 0.4 })
    const { id } = await rig.entryOf('wait', 'fr_late')
    await rig.durable.ended('fr_late')
    expect(await rig.settle(id, 'answer', { payload: { room_number: '1', nights: 1 } })).toMatchObject({
      status: 404,
      body: { code: 'entry_not_found' },
    })
  })
})
