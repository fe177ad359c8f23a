import { describe, expect, it } from 'vitest'
import { eventually } from '../../../support/eventually.ts'
import {
  declare,
  dueNow,
  engine,
  gate,
  hourEarlier,
  interval,
  rig,
  scheduler,
  settled,
  useSchedules,
} from './schedules-under-test.ts'

useSchedules()

describe('people', () => {
  it('a pause keeps what was missed, and the resume asks', async () => {
    const id = await declare('quick', { catch_up: 'none', schedule: interval(60, 15) })
    await rig.schedules.pause(id, { by: 'lan', note: 'Renovation' })
    await rig.away(id, 150)
    expect(await rig.schedules.resume(id, { by: 'lan', missed: undefined })).toEqual({
      kind: 'ask',
      missed: 3,
    })
    expect(await rig.schedules.resume(id, { by: 'lan', missed: 'last' })).toMatchObject({ kind: 'done' })
    scheduler.look()
    await settled(id, ['missed dropped', 'missed dropped', 'started caught_up'])
  })

  it('an edit of a version that is not in force any more changes nothing', async () => {
    const id = await declare('quick')
    const first = await rig.schedules.update(id, { version: 1, jitter_seconds: 1 }, 'lan')
    expect(first).toMatchObject({
      kind: 'done',
      schedule: { version: 2, definition: { jitter_seconds: 1, overlap: 'skip' } },
    })
    expect(await rig.schedules.update(id, { version: 1, jitter_seconds: 2 }, 'minh')).toEqual({
      kind: 'stale',
      version: 2,
    })
  })

  it('an edit keeps what was due, fires nothing for the past, and names what will not come', async () => {
    const id = await declare('quick', { schedule: { type: 'cron', cron: '0 3 * * *' } })
    const edited = await rig.schedules.update(
      id,
      { version: 1, schedule: { type: 'cron', cron: '0 4 * * *' } },
      'lan',
    )
    expect(edited).toMatchObject({ kind: 'done', removed: [expect.stringMatching(/T03:00:00$/)] })
    const late = await declare('quick')
    await rig.away(late, 5)
    await rig.schedules.update(
      late,
      { version: 1, schedule: { type: 'interval', every_seconds: 3600 } },
      'lan',
    )
    await settled(late, ['started'])
  })

  it('one time run now is one run, however often it is asked for', async () => {
    const id = await declare('quick')
    const asked = await Promise.all(
      Array.from({ length: 5 }, () => rig.schedules.runNow(id, { by: 'lan', key: 'once' })),
    )
    expect(new Set(asked.map((each) => 'runId' in each && each.runId)).size).toBe(1)
    expect(asked.filter((each) => 'created' in each && each.created)).toHaveLength(1)
    expect(await rig.outcomes(id)).toEqual(['started'])
  })

  it('a deletion cancels what waits, and leaves its runs alone', async () => {
    const id = await declare('held', { overlap: 'buffer_one', schedule: interval(3_600) })
    await dueNow(id, 1, 3_600)
    await settled(id, ['started'])
    await hourEarlier(id)
    await dueNow(id, 1, 3_600)
    await eventually(
      'one to wait',
      async () => (await rig.outcomes(id)).includes('waiting overlap') || undefined,
    )
    await rig.schedules.remove(id, 'lan')
    expect(await rig.outcomes(id)).toEqual(expect.arrayContaining(['started', 'cancelled removed']))
    gate.resolve()
    const run = (await rig.firings(id)).find(({ flow_run_id }) => flow_run_id)?.flow_run_id ?? ''
    expect((await engine.ended(run)).status).toBe('completed')
  })
})
