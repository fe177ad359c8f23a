/** A scheduler and a worker with four flows: one at once, one that is held, one suspended, one that fails. */
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { z } from 'zod'
import { defineFlow, defineTask } from '../../../../src/platform/engine/flow.ts'
import type { Scheduler } from '../../../../src/platform/schedules/scheduler.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { eventually } from '../../../support/eventually.ts'
import { openScheduleRig, type ScheduleRig } from '../../../support/schedule-rig.ts'

/** Runs of `held` go on until it is opened. */
export let gate = newGate()
function newGate() {
  let resolve = () => {}
  const promise = new Promise<void>((open) => {
    resolve = open
  })
  return { promise, resolve }
}
const hold = defineTask<object, null, null>({
  name: 'hold',
  run: async (_deps, _input, { signal }) => {
    const cancelled = new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason)),
    )
    await Promise.race([gate.promise, cancelled])
    return null
  },
})
const plain = { description: 'For tests', subjects: () => [], estimatedMinutes: 1 }
const quick = defineFlow({
  name: 'quick',
  ...plain,
  parameters: z.object({ date: z.string().optional(), at: z.string().optional() }),
  run: async (_flow, parameters) => parameters,
})
const held = defineFlow({
  name: 'held',
  ...plain,
  parameters: z.object({}),
  run: (flow) => flow.task(hold, null),
})
const suspended = defineFlow({
  name: 'suspended',
  ...plain,
  parameters: z.object({}),
  run: (flow) => flow.sleep(3_600),
})
const failing = defineFlow({
  name: 'failing',
  ...plain,
  parameters: z.object({}),
  run: async () => {
    throw new Error('It does not work.')
  },
})
const FLOWS = [quick, held, suspended, failing]

export let engine: DurableRig
export let rig: ScheduleRig
export let scheduler: Scheduler
/** Call it once, at the top of a test file. */
export function useSchedules(): void {
  beforeAll(async () => {
    engine = await openDurableRig(FLOWS, {})
    rig = openScheduleRig(engine, FLOWS)
    scheduler = rig.startScheduler()
  })
  afterAll(async () => {
    await scheduler.close()
    await engine.close()
  })
  beforeEach(() => {
    gate = newGate()
  })
}

let names = 0
/** For long; its last time was so many seconds ago. */
export const interval = (every_seconds: number, secondsAgo = 0.3) => ({
  type: 'interval',
  every_seconds,
  anchor: new Date(Date.now() - (secondsAgo + every_seconds * 100) * 1000).toISOString(),
})
/** Every ten seconds, now and then. */
export const declare = (workflow: string, more: object = {}) =>
  rig.declare({ name: `s${++names}`, workflow, schedule: interval(10), ...more })

/** Its last times have not been decided. */
export async function dueNow(id: string, times = 1, everySeconds = 10): Promise<void> {
  await rig.away(id, (times - 0.5) * everySeconds)
  scheduler.look()
}
export const settled = (id: string, expected: string[]) =>
  eventually(`${id} to become ${expected}`, async () => {
    const outcomes = await rig.outcomes(id)
    return JSON.stringify(outcomes) === JSON.stringify(expected) ? outcomes : undefined
  })
export const runOf = async (id: string, place = 0) => (await rig.firings(id))[place]?.flow_run_id ?? ''
export const runs = async (id: string) => {
  const [row] = await engine.database.query<{ count: number }>(
    `select count(*)::int as count from prefect.flow_runs where id in (select run_id from prefect.firings where schedule_id = $1)`,
    [id],
  )
  return row?.count ?? 0
}

let moves = 0
export async function hourEarlier(id: string): Promise<void> {
  await engine.database.query(
    `update prefect.firings set nominal = nominal || '-' || $2::text, id = id || '-' || $2::text,
       nominal_at = nominal_at - interval '1 h' where schedule_id = $1`,
    [id, ++moves],
  )
}
