/** Promises about time go by the database's clock, whatever the clock of the machine says that keeps them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type AnyFlow, defineFlow, defineTask } from '../../../../src/platform/engine/flow.ts'
import { newRunId } from '../../../../src/platform/engine/ids.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { eventually } from '../../../support/eventually.ts'
import { shiftClock } from '../../../support/shifted-clock.ts'
import { signalNamed } from '../../../support/signals.ts'

const HOUR = 3_600_000
const LONG = 1_800
const SHORT = 1.5

const about = {
  description: 'test',
  parameters: z.object({ seconds: z.number() }),
  subjects: () => [],
  estimatedMinutes: 1,
}
const runsAtItsTime = defineFlow({ ...about, name: 'at_its_time', run: async () => 'ran' })
const sleeps = defineFlow({
  ...about,
  name: 'sleeps_so_long',
  run: async (flow, { seconds }) => {
    await flow.sleep(seconds)
    return 'awake'
  },
})
const waits = defineFlow({
  ...about,
  name: 'waits_so_long',
  run: async (flow, { seconds }) =>
    (await flow.waitFor(signalNamed('never'), { within: seconds })) ?? 'in vain',
})
const failsOnce = (seconds: number) =>
  defineTask<object, null, number>({
    name: 'fails_once',
    retry: { attempts: 2, firstDelaySeconds: seconds, maxDelaySeconds: seconds, jitter: 0 },
    run: async (_deps, _input, { attempt }) => {
      if (attempt === 1) throw new Error('not yet')
      return attempt
    },
  })
const retries = defineFlow({
  ...about,
  name: 'retries_after',
  run: (flow, { seconds }) => flow.task(failsOnce(seconds), null),
})

let rig: DurableRig
beforeAll(async () => {
  shiftClock(HOUR)
  rig = await openDurableRig([runsAtItsTime, sleeps, waits, retries] as AnyFlow[], {}, undefined, undefined, {
    suspendAfterMs: 100,
    lookMs: 100,
  })
})
afterAll(async () => {
  shiftClock(0)
  await rig?.close()
})

async function start(flow: AnyFlow, seconds: number, inSeconds?: number): Promise<string> {
  const [now] = await rig.database.query<{ at: Date }>(
    'select clock_timestamp() + make_interval(secs => $1) as at',
    [inSeconds ?? 0],
  )
  const runId = newRunId()
  const scheduledFor = inSeconds === undefined ? {} : { scheduledFor: now?.at as Date }
  await rig.engine.start({ runId, flow, parameters: { seconds }, ...scheduledFor })
  return runId
}

const suspended = (id: string) =>
  eventually(`${id} to be suspended`, async () => {
    const text = 'select status from dbos.workflow_status where workflow_uuid = $1'
    return (await rig.database.query<{ status: string }>(text, [id]))[0]?.status === 'DELAYED'
  })

/** Between its first start and its end on the database's clock, in seconds. */
async function lasted(id: string): Promise<number> {
  const text = `select extract(epoch from v.completed_at - r.created_at)::float8 as seconds
    from prefect.flow_run_states v join prefect.flow_runs r using (id) where id = $1`
  return (await rig.database.query<{ seconds: number }>(text, [id]))[0]?.seconds ?? Number.NaN
}

// The second row is also a clock that is set back by two hours under a worker that is running.
describe.each([
  ['an hour ahead', HOUR],
  ['an hour behind', -HOUR],
])('a worker whose clock is %s', (_how, shift) => {
  beforeAll(() => shiftClock(shift))

  test('starts a scheduled run when it is due, and none before', async () => {
    const later = await start(runsAtItsTime, 0, LONG)
    const soon = await start(runsAtItsTime, 0, SHORT)
    const past = await start(runsAtItsTime, 0, -SHORT)
    expect((await rig.ended(past)).status).toBe('completed')
    expect((await rig.ended(soon)).status).toBe('completed')
    expect(await lasted(soon)).toBeGreaterThanOrEqual(SHORT)
    // The look that found the one would have found the other.
    expect(await rig.status(later)).toBe('scheduled')
  })

  test.each([
    ['a sleep', sleeps, 'waiting', 'awake'],
    ['a wait for a signal', waits, 'waiting', 'in vain'],
    ['the next attempt', retries, 'retrying', 2],
  ])('ends %s when it is due, and none before', async (_what, flow, status, result) => {
    const long = await start(flow as AnyFlow, LONG)
    await suspended(long)
    const short = await start(flow as AnyFlow, SHORT)
    expect(await rig.ended(short)).toMatchObject({ status: 'completed', result })
    expect(await lasted(short)).toBeGreaterThanOrEqual(SHORT)
    expect(await rig.status(long)).toBe(status)
    expect(await suspended(long)).toBe(true)
  })

  test('takes nobody for dead whose heartbeat the database finds fresh, and is not taken for dead', async () => {
    const runId = await start(waits as AnyFlow, LONG)
    await suspended(runId)
    const [row] = await rig.database.query<{ age: number; others: number }>(
      `select extract(epoch from clock_timestamp() - max(heartbeat_at))::float8 as age,
              (count(*) filter (where stopped_at is not null))::int as others from prefect.workers`,
    )
    expect(row?.others).toBe(0)
    expect(Math.abs(row?.age ?? Number.NaN)).toBeLessThan(60)
  })
})
