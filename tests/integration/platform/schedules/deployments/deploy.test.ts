import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineFlow } from '../../../../../src/platform/engine/flow.ts'
import { type DeployOptions, deploy } from '../../../../../src/platform/schedules/deployments/deploy.ts'
import { stepText } from '../../../../../src/platform/schedules/deployments/deployment-text.ts'
import { readDeployments } from '../../../../../src/platform/schedules/deployments/read-deployments.ts'
import { findSchedule } from '../../../../../src/platform/schedules/schedule-list.ts'
import { type DurableRig, openDurableRig } from '../../../../support/durable-rig.ts'
import { openScheduleRig, type ScheduleRig } from '../../../../support/schedule-rig.ts'

const plain = { description: 'For tests', subjects: () => [], estimatedMinutes: 1 }
const quick = defineFlow({
  name: 'quick',
  ...plain,
  parameters: z.object({ date: z.iso.date().optional(), rooms: z.number().optional() }),
  run: async (_flow, parameters) => parameters,
})

const small = defineFlow({
  name: 'small',
  ...plain,
  parameters: z.object({ rooms: z.number().max(5).optional() }),
  run: async (_flow, parameters) => parameters,
})

let engine: DurableRig
let rig: ScheduleRig
beforeAll(async () => {
  engine = await openDurableRig([quick, small], {})
  rig = openScheduleRig(engine, [quick, small])
})
afterAll(() => engine.close())
beforeEach(async () => {
  await engine.database.query('delete from prefect.schedules')
})

const entry = (slug: string, more = 'schedule: "0 7 * * *"', workflow = 'quick') =>
  `---\nslug: ${slug}\nflow: ${workflow}\n${more}\n`
const run = (text: string, options: Partial<DeployOptions> = {}, ports = rig.ports) =>
  deploy(ports, readDeployments([{ name: 'd/hotel.yaml', text }]), {
    ...{ dryRun: false, force: false, prune: false, by: 'deploy' },
    ...options,
  })
const kinds = async (...given: Parameters<typeof run>) =>
  Object.fromEntries((await run(...given)).map(({ slug, kind }) => [slug, kind]))
const texts = async (...given: Parameters<typeof run>) => (await run(...given)).map(stepText)
const rows = () =>
  engine.database.query<{ id: string; slug: string }>('select * from prefect.schedules order by slug, id')
const find = async (slug: string) => {
  const found = await findSchedule(engine.database, slug)
  if (found === undefined) throw new Error(`There is no ${slug}.`)
  return found
}
const update = async (slug: string, changes: object) => {
  const { version } = await find(slug)
  return rig.schedules.update(slug, { version, ...changes }, 'anna')
}

it('makes them once, and a second time finds nothing to do', async () => {
  const text =
    entry('a', 'schedule: { every: 1h }\nparameters: { date: "{{business_date}}" }') +
    entry('b', 'schedule: "0 7 * * *"\nactive: false')
  expect(await kinds(text)).toEqual({ a: 'create', b: 'create' })
  const before = await rows()
  expect(await find('a')).toMatchObject({
    origin: 'file',
    active: true,
    created_by: 'deploy',
    timezone: 'Asia/Ho_Chi_Minh',
  })
  expect(await find('b')).toMatchObject({ origin: 'file', active: false })
  expect(await kinds(text)).toEqual({ a: 'keep', b: 'keep' })
  expect(await rows()).toEqual(before)
})

it('made at once by many, there is one of each', async () => {
  const text = ['a', 'b', 'c', 'd', 'e'].map((slug) => entry(slug)).join('')
  const all = await Promise.all(Array.from({ length: 6 }, () => run(text)))
  expect(all.flat().filter(({ kind }) => kind === 'create')).toHaveLength(5)
  expect(all.flat().filter(({ kind }) => kind === 'keep')).toHaveLength(25)
  expect((await rows()).map(({ slug }) => slug)).toEqual(['a', 'b', 'c', 'd', 'e'])
})

describe('people’s work', () => {
  it('a pause, and what they made by hand, survive; a dry run changes nothing at all', async () => {
    await run(entry('paused') + entry('changed') + entry('gone'))
    await rig.schedules.pause('paused', { by: 'anna', note: 'the lift is out' })
    await rig.declare({ name: 'by-hand', workflow: 'quick', schedule: { type: 'cron', cron: '0 9 * * *' } })
    await rig.declare({ name: 'taken', workflow: 'quick', schedule: { type: 'cron', cron: '0 9 * * *' } })
    const before = await rows()
    const text =
      entry('paused', 'schedule: "0 6 * * *"') +
      entry('changed', 'schedule: "30 7 * * *"') +
      entry('new') +
      entry('taken')
    const says = [
      '~ changed\n    schedule.cron: "0 7 * * *" → "30 7 * * *"',
      '- gone  is in no file any more (would be removed with --prune)',
      '+ new  0 7 * * * (Asia/Ho_Chi_Minh), quick',
      '~ paused  paused by anna (the lift is out): stays paused\n    schedule.cron: "0 7 * * *" → "0 6 * * *"',
      expect.stringMatching(/^! taken {2}was made by hand and is left alone/),
    ]
    expect(await texts(text, { dryRun: true })).toEqual(says)
    expect(await rows()).toEqual(before)
    expect(await texts(text)).toEqual(says)
    expect(await find('paused')).toMatchObject({
      active: false,
      next_run: null,
      cron: '0 6 * * *',
      paused: { by: 'anna' },
    })
    expect(await find('by-hand')).toMatchObject({ origin: 'hand', cron: '0 9 * * *', version: 1 })
    expect(await find('taken')).toMatchObject({ origin: 'hand', cron: '0 9 * * *', version: 1 })
    expect(await find('gone')).toMatchObject({ active: true })
  })

  it('a field they changed stays until the file changes it, or with force', async () => {
    await run(entry('a', 'schedule: "0 7 * * *"\nconcurrency: 1'))
    await update('a', { concurrency: 3, name: 'Theirs' })
    expect(await kinds(entry('a', 'schedule: "0 8 * * *"\nconcurrency: 1'))).toEqual({ a: 'change' })
    expect(await find('a')).toMatchObject({
      name: 'Theirs',
      cron: '0 8 * * *',
      definition: { concurrency: 3 },
    })
    const [told] = await texts(entry('a', 'schedule: "0 8 * * *"\nconcurrency: 1'))
    expect(told).toContain('concurrency: 3 by hand, 1 in the file: stays')
    await run(entry('a', 'schedule: "0 8 * * *"\nconcurrency: 2'))
    expect(await find('a')).toMatchObject({ name: 'Theirs', definition: { concurrency: 2 } })
    await run(entry('a', 'schedule: "0 8 * * *"\nconcurrency: 2'), { force: true })
    expect(await find('a')).toMatchObject({ name: 'a', definition: { concurrency: 2 } })
  })

  it('a deletion stays, unless with force', async () => {
    await run(entry('a'))
    await rig.schedules.remove('a', 'anna')
    expect(await texts(entry('a'))).toEqual([
      '= a  was deleted by anna and stays deleted (--force makes it again)',
    ])
    expect(await kinds(entry('a'), { force: true })).toEqual({ a: 'create' })
    expect(await kinds(entry('a'))).toEqual({ a: 'keep' })
  })

  it('what a file changes and a person’s change cannot both be: told, and left', async () => {
    await run(entry('a'))
    await update('a', { parameters: { rooms: 9 } })
    const later = entry('a', undefined, 'small')
    const told =
      "! a  is left as it is, since a person changed it (--force takes the file's): parameters.rooms Too big"
    expect(await texts(later)).toEqual([expect.stringContaining(told)])
    expect(await find('a')).toMatchObject({ workflow: 'quick', version: 2 })
    expect(await kinds(later, { force: true })).toEqual({ a: 'change' })
  })

  it('a change made while it is planned is not overwritten', async () => {
    await run(entry('a'))
    const { database } = rig.ports
    let interfered = false
    const meddling = {
      ...rig.ports,
      database: {
        ...database,
        query: async <Row extends object>(text: string, values?: readonly unknown[]) => {
          const found = await database.query<Row>(text, values)
          if (text.includes('distinct on (slug)') && !interfered) {
            interfered = true
            await update('a', { concurrency: 7 })
          }
          return found
        },
      },
    }
    expect(await kinds(entry('a', 'schedule: "0 8 * * *"'), {}, meddling)).toEqual({ a: 'change' })
    expect(await find('a')).toMatchObject({ cron: '0 8 * * *', definition: { concurrency: 7 } })
  })
})

it('removes with prune only, and makes again what a file declares again', async () => {
  await run(entry('a') + entry('b'))
  expect(await kinds(entry('a'))).toEqual({ a: 'keep', b: 'remove' })
  await find('b')
  expect(await kinds(entry('a'), { prune: true })).toEqual({ a: 'keep', b: 'remove' })
  expect(await findSchedule(engine.database, 'b')).toBeUndefined()
  expect(await kinds(entry('a') + entry('b'))).toEqual({ a: 'keep', b: 'create' })
})

it('a change keeps the row, its firings and its last run', async () => {
  await run(entry('a'))
  const { schedule_id } = await find('a')
  const started = await rig.schedules.runNow('a', { by: 'anna', key: undefined })
  await engine.ended('runId' in started ? started.runId : '')
  await run(entry('a', 'schedule: "0 6 * * *"\noverlap: allow'))
  const after = await find('a')
  expect(after).toMatchObject({ schedule_id, version: 2, last_run: { status: 'completed' } })
  expect(await rig.firings(schedule_id)).toHaveLength(1)
})

it('nothing fires twice, and nothing is lost, while it is deployed again and again', async () => {
  const when = 'schedule: { every: 10s, anchor: 2026-01-01T00:00:00Z }\noverlap: allow\ncatch_up: all'
  // What its jitter holds back when it is changed is decided too.
  const text = (n: number) =>
    entry('busy', `${when}\njitter_seconds: ${(n % 2) * 9}\nparameters: { rooms: ${n} }`)
  await run(text(1))
  const { schedule_id } = await find('busy')
  // As though nothing had been there to decide for two hours.
  await engine.database.query(
    `update prefect.schedules set decided_until = decided_until - interval '7000 s', next_nominal_at = next_nominal_at - interval '7000 s',
       next_due_at = next_due_at - interval '7000 s' where id = $1`,
    [schedule_id],
  )
  await run(text(2))
  const schedulers = [rig.startScheduler(), rig.startScheduler()]
  for (let n = 3; n <= 21; n++) await Promise.all([run(text(n)), run(text(n))])
  await Promise.all(schedulers.map((each) => each.close()))
  const [{ decided } = { decided: undefined }] = await engine.database.query<{ decided: Date[] }>(
    `select array_agg(nominal_at order by nominal_at) as decided from prefect.firings where schedule_id = $1`,
    [schedule_id],
  )
  const times = (decided ?? []).map((at) => at.getTime())
  expect(times.length).toBeGreaterThanOrEqual(700)
  expect(times.slice(1).every((at, i) => at - (times[i] ?? 0) === 10_000)).toBe(true)
  const [{ runs, started } = { runs: 0, started: 0 }] = await engine.database.query<{
    runs: number
    started: number
  }>(
    `select (select count(*)::int from prefect.flow_runs where created_by = 'schedule:busy') as runs,
       (select count(*)::int from prefect.firings where schedule_id = $1 and outcome = 'started') as started`,
    [schedule_id],
  )
  expect(runs).toBe(started)
  const { next_run } = await find('busy')
  expect(Date.parse(next_run ?? '') - (times.at(-1) ?? 0)).toBeLessThan(20_000)
})

describe('what cannot be applied is told with its place, and then nothing is', () => {
  it.each([
    [
      'schedule: "0 7 * * *"',
      'quik',
      'd/hotel.yaml:3 flow names no workflow there is, "quik": did you mean quick?',
    ],
    ['schedule:\n  cron: "61 * * * *"', 'quick', /^d\/hotel\.yaml:5 schedule\.cron /],
    ['schedule: "0 7 * *"', 'quick', /^d\/hotel\.yaml:4 schedule /],
    ['schedule: "0 7 * * *"\nparameters:\n  rooms: many', 'quick', /^d\/hotel\.yaml:6 parameters\.rooms /],
    [
      'schedule: "0 7 * * *"\nparameters: { date: "{{busines_date}}" }',
      'quick',
      /^d\/hotel\.yaml:5 parameters /,
    ],
    ['schedule: "0 7 * * *"\nclosed_dates: [holidays:ZZ]', 'quick', /^d\/hotel\.yaml:5 closed_dates\.0 /],
    [
      'schedule: "0 7 * * *"\nstarts_at: 2030-01-01T00:00:00\nends_at: 2029-01-01T00:00:00',
      'quick',
      /^d\/hotel\.yaml:6 ends_at must be after/,
    ],
  ])('%j of %s', async (more, workflow, message) => {
    await expect(run(entry('a', more, workflow) + entry('b'))).rejects.toThrow(message)
    expect(await rows()).toEqual([])
  })
})

it('a calendar of the hotel’s own may get its dates later; a time that is over is no fault', async () => {
  const text =
    entry('a', 'schedule: "0 7 * * *"\nclosed_dates: [renovation]') +
    entry('b', 'schedule: { at: 2020-01-01T00:00:00Z }')
  expect(await kinds(text)).toEqual({ a: 'create', b: 'over' })
  expect(await kinds(text)).toEqual({ a: 'keep', b: 'over' })
})
