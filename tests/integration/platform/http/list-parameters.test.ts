import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EventList } from '../../../../src/platform/contract/event.ts'
import { RunList } from '../../../../src/platform/contract/run.ts'
import { type HttpRig, openHttpRig } from './http-rig.ts'

let rig: HttpRig
const ids: string[] = []
beforeAll(async () => {
  rig = await openHttpRig()
  for (let day = 1; day <= 6; day++) {
    const body = { workflow_name: 'daily_report_generation', parameters: { date: `2025-01-0${day}` } }
    ids.unshift((await rig.call('POST', 'workflows/trigger', { body })).body.flow_run_id)
  }
  await rig.database.query(`update dbos.workflow_status set status = 'ERROR' where workflow_uuid = any($1)`, [
    ids.slice(0, 2),
  ])
  await rig.database.query(`update dbos.workflow_status set status = 'SUCCESS' where workflow_uuid = $1`, [
    ids[2],
  ])
  await rig.database.query(`update prefect.flow_runs set flagged = 'an undo failed' where id = $1`, [ids[1]])
})
afterAll(() => rig.close())

const list = async (query: string) => RunList.parse((await rig.call('GET', `workflows/list?${query}`)).body)
const idsOf = async (query: string) => (await list(query)).workflow_runs.map((run) => run.flow_run_id)
const refused = async (path: string) => {
  const { status, body } = await rig.call('GET', path)
  return { status, code: body.code, errors: body.errors }
}

describe('filters', () => {
  it('take several values, by commas or repeated', async () => {
    expect(await idsOf('status=failed,completed')).toEqual(ids.slice(0, 3))
    expect(await idsOf('status=failed&status=completed')).toEqual(ids.slice(0, 3))
    expect(await idsOf('workflow_name=nothing,daily_report_generation&limit=1')).toEqual([ids[0]])
    expect(
      EventList.parse((await rig.call('GET', 'events?kind=a,b&status=accepted,rejected')).body).total,
    ).toBe(0)
    expect(await refused('workflows/list?status=failed,done')).toMatchObject({
      status: 422,
      errors: [{ path: 'query.status', message: expect.stringContaining('"failed"') }],
    })
    expect((await refused(`events?kind=${'x,'.repeat(30)}x`)).errors).toHaveLength(1)
  })

  it('tell flagged runs from the others', async () => {
    expect(await idsOf('flagged=true')).toEqual([ids[1]])
    expect((await list('flagged=false')).total).toBe(5)
    expect((await refused('workflows/list?flagged=yes')).errors).toMatchObject([{ path: 'query.flagged' }])
  })

  it('find by the beginning of an id in any case, or of a subject in its own', async () => {
    expect(await idsOf(`q=${ids[3]?.slice(0, 16).toUpperCase()}`)).toEqual([ids[3]])
    expect(await idsOf('q=date:2025-01-0&limit=2')).toEqual(ids.slice(0, 2))
    expect(await idsOf('q=date:2025-01-01')).toEqual([ids[5]])
    expect(await idsOf('q=DATE:2025')).toEqual([])
    expect(await idsOf('q=date:2025&status=failed')).toEqual(ids.slice(0, 2))
    expect((await refused('workflows/list?q=x')).errors).toMatchObject([{ path: 'query.q' }])
  })
})

describe('cursors', () => {
  it('read the whole list, and end with none', async () => {
    const first = await list('limit=4&status=pending,failed,completed')
    expect(first).toMatchObject({ total: 6, total_is_estimate: false, limit: 4, offset: 0 })
    const second = await list(`limit=4&status=pending,failed,completed&cursor=${first.next_cursor}`)
    expect([...first.workflow_runs, ...second.workflow_runs].map((run) => run.flow_run_id)).toEqual(ids)
    expect(second).toMatchObject({ total: 6, next_cursor: null })
  })

  it('are refused when they are rubbish, of other filters, or beside an offset', async () => {
    const { next_cursor } = await list('limit=1')
    const rubbish = ['x', 'bm90IGpzb24', next_cursor?.slice(1), 'WyJhIiwiYiIsImMiXQ', '%F0%9F%8C%8A']
    for (const cursor of rubbish) {
      const answer = await refused(`workflows/list?cursor=${cursor}`)
      expect(answer).toMatchObject({
        status: 422,
        code: 'invalid_cursor',
        errors: [{ path: 'query.cursor' }],
      })
    }
    for (const query of ['status=failed', 'q=fr_', 'flagged=false']) {
      const { errors } = await refused(`workflows/list?${query}&cursor=${next_cursor}`)
      expect(errors).toMatchObject([
        { path: 'query.cursor', message: expect.stringContaining('other filters') },
      ])
    }
    expect((await refused(`events?cursor=${next_cursor}&kind=attendance`)).status).toBe(422)
    expect((await refused(`workflows/list?cursor=${next_cursor}&offset=1`)).status).toBe(422)
  })

  it('are named where an offset is too deep', async () => {
    expect((await rig.call('GET', 'workflows/list?offset=100000')).status).toBe(200)
    expect((await refused('workflows/list?offset=100001')).errors).toMatchObject([
      { path: 'query.offset', message: expect.stringContaining('next_cursor') },
    ])
  })
})

it('every route refuses a parameter that it does not know, and names the nearest', async () => {
  expect((await refused('workflows/list?statsu=failed&limit=1')).errors).toEqual([
    { path: 'query.statsu', message: 'is not a parameter here: did you mean "status"?' },
  ])
  expect((await refused('events?recieved_after=2025-01-01T00:00:00Z')).errors).toEqual([
    { path: 'query.recieved_after', message: 'is not a parameter here: did you mean "received_after"?' },
  ])
  const { paths } = (await rig.call('GET', '/openapi.json')).body as { paths: Record<string, object> }
  for (const [path, operations] of Object.entries(paths)) {
    for (const method of Object.keys(operations)) {
      const answer = await rig.call(method.toUpperCase(), `${path.replace(/\{\w+\}/g, 'x')}?zzzzzzzzzzzzzz=1`)
      expect([path, method, answer.status, answer.body?.code]).toEqual([
        path,
        method,
        422,
        'unknown_parameter',
      ])
    }
  }
})
