import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineFlow, defineTask } from '../../../../src/platform/engine/flow.ts'
import type { BackfillRange } from '../../../../src/platform/schedules/backfills.ts'
import { findBackfill, listBackfills } from '../../../../src/platform/schedules/backfills.ts'
import type { Scheduler } from '../../../../src/platform/schedules/scheduler.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { eventually } from '../../../support/eventually.ts'
import { openScheduleRig, type ScheduleRig } from '../../../support/schedule-rig.ts'

/** Runs of `held` go on until it is opened; how many there were at once is kept. */
let gate = newGate()
function newGate() {
  let resolve = () => {}
  const promise = new Promise<void>((open) => {
    resolve = open
  })
  return { promise, resolve }
}
let running = 0
let most = 0
const hold = defineTask<object, null, null>({
  name: 'hold',
  run: async (_deps, _input, { signal }) => {
    most = Math.max(most, ++running)
    const cancelled = new Promise((resolve) => signal.addEventListener('abort', resolve))
    await Promise.race([gate.promise, cancelled])
    running -= 1
    signal.throwIfAborted()
    return null
  },
})
const plain = { description: 'For tests', subjects: () => [], estimatedMinutes: 1 }
const dated = defineFlow({
  name: 'dated',
  ...plain,
  parameters: z.object({ date: z.string(), before: z.string().nullable() }),
  run: async (_flow, parameters) => parameters,
})
const held = defineFlow({
  name: 'held',
  ...plain,
  parameters: z.object({}),
  run: (flow) => flow.task(hold, null),
})
const FLOWS = [dated, held]

let engine: DurableRig
let rig: ScheduleRig
let scheduler: Scheduler
beforeAll(async () => {
  engine = await openDurableRig(FLOWS, {})
  rig = openScheduleRig(engine, FLOWS)
  scheduler = rig.startScheduler()
})
afterAll(async () => {
  gate.resolve()
  await scheduler.close()
  await engine.close()
})
beforeEach(() => {
  gate.resolve()
  gate = newGate()
  running = 0
  most = 0
})

const WHO = { by: 'Mai', note: 'The month was empty' }
const local = (text: string) => new Date(`${text}+07:00`)
const range = (from: string, to: string, more: Partial<BackfillRange> = {}): BackfillRange => ({
  from: local(from),
  to: local(to),
  only_missing: true,
  at_most: 1,
  ...more,
})
const FIRST_WEEK = ['2025-03-01T02:00:00', '2025-03-07T02:00:00'] as const
let names = 0
const nightly = (workflow: string, more: object = {}) =>
  rig.declare({
    name: `b${++names}`,
    workflow,
    schedule: { type: 'cron', cron: '0 2 * * *' },
    ...(workflow === 'dated' && {
      parameters: { date: '{{business_date}}', before: '{{previous_nominal}}' },
    }),
    ...more,
  })
async function made(id: string, asked: BackfillRange) {
  const outcome = await rig.schedules.backfill(id, asked, WHO)
  if (outcome.kind !== 'created') throw new Error(`The backfill is ${outcome.kind}.`)
  return outcome.backfill
}
const state = async (id: string) => {
  const backfill = await findBackfill(engine.database, id)
  if (backfill === undefined) throw new Error('The backfill is not there.')
  return backfill
}
const ended = (id: string) =>
  eventually(`${id} to end`, async () => {
    const backfill = await state(id)
    return backfill.waiting + backfill.running === 0 ? backfill : undefined
  })

describe('a backfill', () => {
  it('runs each time of its range once, ends included, with the parameters of that time', async () => {
    const id = await nightly('dated')
    const backfill = await made(id, range(...FIRST_WEEK, { at_most: 3 }))
    expect(backfill).toMatchObject({ firings: 7, created_by: 'Mai', note: 'The month was empty' })
    expect(await ended(backfill.backfill_id)).toMatchObject({ status: 'completed', ended: { completed: 7 } })
    const firings = await rig.firings(id)
    expect(firings.map(({ nominal }) => nominal)).toEqual(
      Array.from({ length: 7 }, (_, day) => `2025-03-0${day + 1}T02:00:00`),
    )
    expect(firings[0]).toMatchObject({ kind: 'backfill', outcome: 'started', reason: 'backfill' })
    const results = await Promise.all(firings.map(({ flow_run_id }) => engine.ended(flow_run_id ?? '')))
    expect(results.map(({ result }) => result).slice(0, 2)).toEqual([
      { date: '2025-03-01', before: '2025-02-28T02:00:00+07:00' },
      { date: '2025-03-02', before: '2025-03-01T02:00:00+07:00' },
    ])
  })

  it('only missing leaves out what has run or waits; all runs it once more', async () => {
    const id = await nightly('dated')
    await ended((await made(id, range('2025-03-02T00:00:00', '2025-03-03T23:00:00'))).backfill_id)
    expect(await rig.schedules.backfill(id, range(...FIRST_WEEK), undefined)).toEqual({
      kind: 'counted',
      firings: 5,
      have_run: 2,
    })
    const rest = await made(id, range(...FIRST_WEEK))
    expect(rest.firings).toBe(5)
    expect(await rig.schedules.backfill(id, range(...FIRST_WEEK), WHO)).toEqual({ kind: 'none', have_run: 7 })
    await ended(rest.backfill_id)
    const again = await made(id, range(...FIRST_WEEK, { only_missing: false, at_most: 50 }))
    expect((await ended(again.backfill_id)).ended).toEqual({ completed: 7 })
    const listed = await listBackfills(engine.database, id)
    expect(listed.map(({ firings }) => firings)).toEqual([7, 5, 2])
  })

  it('of two at once, the second has nothing left to do', async () => {
    const id = await nightly('dated')
    const both = await Promise.all([1, 2].map(() => rig.schedules.backfill(id, range(...FIRST_WEEK), WHO)))
    expect(both.map(({ kind }) => kind).sort()).toEqual(['created', 'none'])
  })

  it('has so many runs at once and no more, of a paused schedule too', async () => {
    const id = await nightly('held')
    await rig.schedules.pause(id, { by: null, note: null })
    const { backfill_id } = await made(id, range(...FIRST_WEEK, { at_most: 2 }))
    await eventually('two to run', async () => running === 2 || undefined)
    expect(await state(backfill_id)).toMatchObject({ status: 'running', running: 2, waiting: 5 })
    gate.resolve()
    await ended(backfill_id)
    expect(most).toBe(2)
  })

  it('is cancelled as one, once', async () => {
    const id = await nightly('held')
    const { backfill_id } = await made(id, range(...FIRST_WEEK, { at_most: 2 }))
    await eventually('two to run', async () => running === 2 || undefined)
    const cancelled = await rig.schedules.cancelBackfill(backfill_id, 'Lan')
    expect(cancelled).toMatchObject({ status: 'cancelled', waiting: 0, cancelled_by: 'Lan' })
    expect((await ended(backfill_id)).ended).toEqual({ cancelled: 7 })
    const again = await rig.schedules.cancelBackfill(backfill_id, 'Mai')
    expect(again).toMatchObject({ cancelled_by: 'Lan', cancelled_at: cancelled?.cancelled_at })
    expect(most).toBe(2)
    expect(await rig.schedules.cancelBackfill('bf_nothing', null)).toBeUndefined()
  })

  it('is of the past alone, and of at most a thousand times', async () => {
    const id = await nightly('dated')
    expect(
      await rig.schedules.backfill(id, range('2999-01-01T00:00:00', '2999-02-01T00:00:00'), WHO),
    ).toEqual({ kind: 'none', have_run: 0 })
    expect(
      await rig.schedules.backfill(id, range('2020-01-01T00:00:00', '2023-12-31T23:00:00'), WHO),
    ).toEqual({ kind: 'too_many', firings: 1461 })
    const often = await rig.declare({
      name: 'often',
      workflow: 'held',
      schedule: { type: 'cron', cron: '* * * * *' },
    })
    const began = performance.now()
    expect(
      await rig.schedules.backfill(often, range('1900-01-02T00:00:00', '2999-01-01T00:00:00'), WHO),
    ).toEqual({ kind: 'too_many', firings: 3_000 })
    expect(performance.now() - began).toBeLessThan(2_000)
    expect(await rig.schedules.backfill('nothing', range(...FIRST_WEEK), WHO)).toEqual({ kind: 'not_found' })
    expect((await rig.firings(id)).length).toBe(0)
  })

  it('goes on where blackouts and calendars close the schedule', async () => {
    const id = await nightly('dated', {
      blackouts: [{ from: '01:00', to: '03:00' }],
      closed_dates: ['holidays:VN'],
    })
    const { backfill_id } = await made(id, range('2025-04-29T00:00:00', '2025-05-02T23:00:00'))
    expect((await ended(backfill_id)).ended).toEqual({ completed: 4 })
  })
})
