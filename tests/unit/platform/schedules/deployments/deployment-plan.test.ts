import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ScheduleDefinition } from '../../../../../src/platform/contract/schedule.ts'
import {
  type Declared,
  type DeployStep,
  type Known,
  planDeployment,
} from '../../../../../src/platform/schedules/deployments/deployment-plan.ts'
import { stepText } from '../../../../../src/platform/schedules/deployments/deployment-text.ts'

const ALWAYS = { force: false, prune: false, fires: () => true }

function definition(changes: Partial<ScheduleDefinition> = {}): ScheduleDefinition {
  return ScheduleDefinition.parse({
    ...{ name: 'lists', workflow: 'assign_cleaning', schedule: cron('0 7 * * *') },
    ...changes,
  })
}
function cron(text: string) {
  return { type: 'cron' as const, cron: text, timezone: 'Asia/Ho_Chi_Minh' }
}
function declared(changes: Partial<ScheduleDefinition> = {}, slug = 'lists'): Declared {
  return { slug, active: true, definition: definition(changes) }
}
function known(changes: Partial<Known> = {}): Known {
  const { definition: is = definition() } = changes
  return {
    ...{ id: 'sched_1', slug: 'lists', origin: 'file', version: 3, definition: is, applied: is },
    ...{ paused: null, deleted: null },
    ...changes,
  }
}
const text = (steps: readonly DeployStep[]) => steps.map(stepText).join('\n')

it('makes what is not there', () => {
  const steps = planDeployment([declared()], [], ALWAYS)
  expect(steps.map(({ kind }) => kind)).toEqual(['create'])
  expect(text(steps)).toBe('+ lists  0 7 * * * (Asia/Ho_Chi_Minh), assign_cleaning')
})

it('changes field by field, and keeps what is alike, whatever the order of members', () => {
  const parameters = { b: 2, a: 1 }
  const is = definition({ parameters: { a: 1, b: 2 } })
  const steps = planDeployment(
    [declared({ schedule: cron('0 6 * * *'), parameters })],
    [known({ definition: is })],
    ALWAYS,
  )
  expect(text(steps)).toBe('~ lists\n    schedule.cron: "0 7 * * *" → "0 6 * * *"')
  expect(planDeployment([declared({ parameters })], [known({ definition: is })], ALWAYS)).toMatchObject([
    { kind: 'keep', drift: [] },
  ])
})

describe('what people did stays', () => {
  it('their own schedules, also under a slug that a file takes', () => {
    const own = known({ slug: 'own', origin: 'hand', applied: null })
    const taken = known({ origin: 'hand', applied: null, definition: definition({ overlap: 'allow' }) })
    const steps = planDeployment([declared()], [own, taken], { ...ALWAYS, force: true, prune: true })
    expect(steps).toEqual([{ slug: 'lists', kind: 'conflict', known: taken }])
    expect(text(steps)).toMatch(/^! lists {2}was made by hand and is left alone/)
  })

  it('a pause, told with who and why', () => {
    const paused = known({ paused: { by: 'anna', note: 'the lift is out' } })
    const same = planDeployment([declared()], [paused], { ...ALWAYS, force: true })
    expect(text(same)).toBe('= lists  paused by anna (the lift is out): stays paused')
    const changed = planDeployment([declared({ overlap: 'allow' })], [paused], ALWAYS)
    expect(text(changed)).toBe(
      '~ lists  paused by anna (the lift is out): stays paused\n    overlap: "skip" → "allow"',
    )
  })

  const edited = known({ definition: definition({ concurrency: 4 }), applied: definition() })
  it('a field they changed, until the file changes that very one', () => {
    const [kept] = planDeployment([declared()], [edited], ALWAYS)
    expect(kept).toMatchObject({ kind: 'keep', drift: [{ field: 'concurrency', from: 1, to: 4 }] })
    expect(text([kept as DeployStep])).toMatch(/^= lists\n {4}concurrency: 4 by hand, 1 in the file: stays/)
    const other = planDeployment([declared({ overlap: 'allow' })], [edited], ALWAYS)
    expect(other).toMatchObject([
      { kind: 'change', changes: [{ field: 'overlap' }], drift: [{ field: 'concurrency' }] },
    ])
    const same = planDeployment([declared({ concurrency: 2 })], [edited], ALWAYS)
    expect(same).toMatchObject([
      { kind: 'change', changes: [{ field: 'concurrency', from: 4, to: 2 }], drift: [] },
    ])
  })

  it('not with force', () => {
    const steps = planDeployment([declared()], [edited], { ...ALWAYS, force: true })
    expect(steps).toMatchObject([
      { kind: 'change', changes: [{ field: 'concurrency', from: 4, to: 1 }], drift: [] },
    ])
  })

  it('a deletion, unless with force', () => {
    const deleted = known({ deleted: { by: 'anna', at: new Date(0) } })
    const left = planDeployment([declared()], [deleted], { ...ALWAYS, prune: true })
    expect(text(left)).toBe('= lists  was deleted by anna and stays deleted (--force makes it again)')
    expect(planDeployment([declared()], [deleted], { ...ALWAYS, force: true })).toMatchObject([
      { kind: 'create' },
    ])
    expect(planDeployment([], [deleted], { ...ALWAYS, prune: true })).toEqual([])
  })
})

it('without a record of what was applied, the file has its way', () => {
  const steps = planDeployment([declared({ concurrency: 2 })], [known({ applied: null })], ALWAYS)
  expect(steps).toMatchObject([{ kind: 'change', changes: [{ field: 'concurrency', from: 1, to: 2 }] }])
})

it('removes what no file declares only when told to', () => {
  expect(text(planDeployment([], [known()], ALWAYS))).toBe(
    '- lists  is in no file any more (would be removed with --prune)',
  )
  expect(planDeployment([], [known()], { ...ALWAYS, prune: true })).toMatchObject([
    { kind: 'remove', prune: true },
  ])
})

it('leaves alone what would not fire any more', () => {
  const never = { ...ALWAYS, fires: () => false }
  expect(planDeployment([declared()], [], never)).toMatchObject([{ kind: 'over' }])
  expect(planDeployment([declared({ overlap: 'allow' })], [known()], never)).toMatchObject([{ kind: 'over' }])
  expect(planDeployment([declared()], [known()], never)).toMatchObject([{ kind: 'keep' }])
})

describe('applied', () => {
  const Slugs = fc.constantFrom('a', 'b', 'c', 'd')
  const Changes = fc
    .record(
      {
        concurrency: fc.integer({ min: 1, max: 3 }),
        overlap: fc.constantFrom('skip' as const, 'allow' as const),
        parameters: fc.dictionary(fc.constantFrom('x', 'y'), fc.integer({ min: 0, max: 2 })),
        schedule: fc.constantFrom(cron('0 7 * * *'), cron('0 8 * * *')),
      },
      { requiredKeys: [] },
    )
    .map((changes) => definition(changes))
  const Files = fc.uniqueArray(fc.record({ slug: Slugs, definition: Changes, active: fc.boolean() }), {
    selector: ({ slug }) => slug,
  })
  const There = fc.uniqueArray(
    fc.record({
      ...{ id: fc.uuid(), slug: Slugs, version: fc.nat(), definition: Changes },
      origin: fc.constantFrom('hand' as const, 'file' as const),
      applied: fc.option(Changes),
      paused: fc.constantFrom(null, { by: 'anna', note: null }),
      deleted: fc.constant(null),
    }),
    { selector: ({ slug }) => slug },
  )

  it('once, there is nothing to do; pauses and what was made by hand are as they were', () => {
    fc.assert(
      fc.property(Files, There, fc.boolean(), fc.boolean(), (files, there, force, prune) => {
        const options = { ...ALWAYS, force, prune }
        const after = applied(planDeployment(files, there, options), there)
        for (const step of planDeployment(files, after, options)) {
          expect(['keep', 'conflict', 'remove']).toContain(step.kind)
          if (step.kind === 'remove') expect(prune).toBe(false)
          if (step.kind === 'keep' && force) expect(step.drift).toEqual([])
        }
        for (const before of there) {
          const now = after.find(({ slug }) => slug === before.slug)
          if (before.origin === 'hand') expect(now).toEqual(before)
          else if (now) expect(now.paused).toEqual(before.paused)
        }
      }),
    )
  })

  /** As deploy.ts writes it. */
  function applied(steps: readonly DeployStep[], there: readonly Known[]): Known[] {
    const after = new Map(there.map((each) => [each.slug, each]))
    for (const step of steps) {
      const before = after.get(step.slug)
      if (step.kind === 'create') {
        const { definition: is, active } = step.declared
        const paused = active ? null : { by: 'deploy', note: null }
        after.set(step.slug, known({ slug: step.slug, definition: is, paused }))
      } else if (step.kind === 'change' && before) {
        const changes = Object.fromEntries(step.changes.map(({ field, to }) => [field, to]))
        const is = { ...before.definition, ...changes }
        after.set(step.slug, { ...before, definition: is, applied: step.declared.definition })
      } else if (step.kind === 'keep' && before) {
        after.set(step.slug, { ...before, applied: step.declared.definition })
      } else if (step.kind === 'remove' && step.prune) after.delete(step.slug)
    }
    return [...after.values()]
  }
})
