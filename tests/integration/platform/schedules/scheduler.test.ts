import { setTimeout as delay } from 'node:timers/promises'
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
  runOf,
  runs,
  scheduler,
  settled,
  useSchedules,
} from './schedules-under-test.ts'

useSchedules()

describe('a firing', () => {
  it('starts one run, with the parameters of its time', async () => {
    const id = await declare('quick', { parameters: { date: '{{business_date}}', at: '{{nominal}}' } })
    await dueNow(id)
    await settled(id, ['started'])
    const [firing] = await rig.firings(id)
    const { status, result } = await engine.ended(firing?.flow_run_id ?? '')
    expect(status).toBe('completed')
    expect(new Date((result as { at: string }).at).toISOString()).toBe(
      `${firing?.nominal_at.slice(0, 19)}.000Z`,
    )
  })

  it('is one, however many schedulers there are', async () => {
    const others = Array.from({ length: 4 }, () => rig.startScheduler())
    const ids = await Promise.all(Array.from({ length: 30 }, () => declare('quick', { overlap: 'allow' })))
    await Promise.all(ids.map((id) => rig.away(id, 25)))
    for (const each of [scheduler, ...others]) each.look()
    for (const id of ids) {
      await eventually(`${id} to be decided`, async () => (await rig.firings(id)).length >= 3 || undefined)
      const firings = await rig.firings(id)
      expect(new Set(firings.map(({ nominal }) => nominal)).size).toBe(firings.length)
      expect(await runs(id)).toBe(firings.filter(({ outcome }) => outcome === 'started').length)
    }
    await Promise.all(others.map((other) => other.close()))
  })

  it('whose parameters no longer fit is told, and the others go on', async () => {
    const [wrong, right] = [await declare('quick'), await declare('quick')]
    await engine.database.query(
      `update prefect.schedules set definition = jsonb_set(definition, '{parameters}', '{"date": 5}') where id = $1`,
      [wrong],
    )
    await Promise.all([rig.away(wrong, 5), rig.away(right, 5)])
    scheduler.look()
    await settled(right, ['started'])
    await settled(wrong, ['refused parameters'])
    expect((await rig.firings(wrong))[0]?.detail).toContain('parameters.date')
  })

  it('whose declaration cannot be read does not hold up the others', async () => {
    const [broken, right] = [await declare('quick'), await declare('quick')]
    await engine.database.query(
      `update prefect.schedules set definition = jsonb_set(definition, '{schedule,cron}', '"not cron"')
         || '{"schedule": {"type": "cron", "cron": "not cron", "timezone": "UTC"}}' where id = $1`,
      [broken],
    )
    await Promise.all([rig.away(broken, 5), rig.away(right, 5)])
    scheduler.look()
    await settled(right, ['started'])
    await engine.database.query(
      'update prefect.schedules set deleted_at = now(), active = false where id = $1',
      [broken],
    )
  })
})

describe('after a stop of five firings', () => {
  it.each([
    ['last', 'missed dropped,missed dropped,missed dropped,missed dropped,started caught_up', 1],
    ['none', 'missed dropped,missed dropped,missed dropped,missed dropped,missed dropped', 0],
    ['all', 'started caught_up,started caught_up,started caught_up,started caught_up,started caught_up', 5],
  ])('%s', async (catch_up, expected, started) => {
    const id = await declare('quick', {
      schedule: interval(60, 15),
      catch_up,
    })
    await dueNow(id, 5, 60)
    await settled(id, expected.split(','))
    expect(await runs(id)).toBe(started)
  })
})

describe.each(['held', 'suspended'])('while a run of %s has not ended', (workflow) => {
  async function begun(overlap: string): Promise<{ id: string; first: string }> {
    const id = await declare(workflow, { overlap, schedule: interval(3_600) })
    await dueNow(id, 1, 3_600)
    await settled(id, ['started'])
    const first = await runOf(id)
    const wanted = workflow === 'held' ? 'running' : 'waiting'
    await eventually(
      `${first} to be ${wanted}`,
      async () => (await engine.status(first)) === wanted || undefined,
    )
    if (workflow === 'suspended') await delay(2_500)
    return { id, first }
  }
  /** As though its firings had been an hour earlier, and the next were due. */
  async function again(id: string) {
    await hourEarlier(id)
    await dueNow(id, 1, 3_600)
  }
  const end = async (run: string) => {
    gate.resolve()
    if (workflow === 'suspended') await engine.engine.cancel(run)
    await engine.ended(run)
    scheduler.look()
  }

  it('skip: the time is skipped', async () => {
    const { id, first } = await begun('skip')
    await again(id)
    await settled(id, ['started', 'skipped overlap'])
    await end(first)
  })

  it('buffer_one: one waits and starts when it has ended, another is skipped', async () => {
    const { id, first } = await begun('buffer_one')
    await again(id)
    await settled(id, ['started', 'waiting overlap'])
    await again(id)
    await settled(id, ['started', 'waiting overlap', 'skipped overlap'])
    await end(first)
    await settled(id, ['started', 'started after_overlap', 'skipped overlap'])
    await engine.engine.cancel(await runOf(id, 1))
  })

  it('allow: it starts beside it', async () => {
    const { id, first } = await begun('allow')
    await again(id)
    await settled(id, ['started', 'started'])
    await engine.engine.cancel(await runOf(id, 1))
    await end(first)
  })

  it('cancel_running: it is cancelled, and the new one starts', async () => {
    const { id, first } = await begun('cancel_running')
    await again(id)
    await settled(id, ['started', 'started after_overlap'])
    expect((await engine.ended(first)).status).toBe('cancelled')
    await engine.engine.cancel(await runOf(id, 1))
    gate.resolve()
  })
})

describe('by itself', () => {
  it('pauses after so many failures in a row, and says why', async () => {
    const id = await declare('failing', { pause_after_failures: 2, overlap: 'allow', catch_up: 'all' })
    await dueNow(id, 2)
    const paused = await eventually('it to be paused', async () => {
      const [row] = await engine.database.query<{
        active: boolean
        pause_reason: string
        pause_note: string
      }>('select active, pause_reason, pause_note from prefect.schedules where id = $1', [id])
      return row?.active === false ? row : undefined
    })
    expect(paused).toMatchObject({ pause_reason: 'failures', pause_note: 'Its last 2 runs failed.' })
  })

  it('cancels a run that goes on for longer than it may', async () => {
    const id = await declare('suspended', { time_limit_seconds: 1 })
    await dueNow(id)
    await settled(id, ['started'])
    expect((await engine.ended(await runOf(id))).status).toBe('cancelled')
  })

  it('ends after the runs that remained', async () => {
    const id = await declare('quick', { remaining: 2, overlap: 'allow', catch_up: 'all' })
    await dueNow(id, 5)
    await settled(id, ['started caught_up', 'started caught_up'])
    await delay(1_200)
    expect(await rig.outcomes(id)).toHaveLength(2)
  })
})
