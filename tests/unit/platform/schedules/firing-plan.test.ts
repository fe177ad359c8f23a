import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ScheduleDefinition } from '../../../../src/platform/contract/schedule.ts'
import { planFirings, type Situation } from '../../../../src/platform/schedules/firing-plan.ts'

const NOON = new Date('2026-03-02T12:00:00Z')
const minutes = (n: number) => new Date(NOON.getTime() + n * 60_000)

/** Every minute; everything up to `decided` minutes from noon is decided. */
function minutely(decided: number, changes: Partial<ScheduleDefinition> = {}, more: object = {}) {
  const definition = ScheduleDefinition.parse({
    name: 'minutely',
    workflow: 'any',
    schedule: { type: 'cron', cron: '* * * * *', timezone: 'UTC' },
    ...changes,
  })
  const kept = { remaining: definition.remaining, catch_up_until: null, catch_up_as: null }
  return { slug: 'minutely', definition, decided_until: minutes(decided), ...kept, ...more }
}

const quiet: Situation = { now: NOON, open: 0, waiting: 0, lateMs: 10_000, closed: () => undefined }
const at = (seconds: number) => new Date(NOON.getTime() + seconds * 1000)

function became(schedule: ReturnType<typeof minutely>, situation: Partial<Situation> = {}) {
  const { firings } = planFirings(schedule, { ...quiet, ...situation })
  return firings.map(({ nominal, outcome, reason }) =>
    [nominal.slice(11, 16), outcome, reason].filter(Boolean).join(' '),
  )
}

describe('on time', () => {
  it('starts, and goes on to the next', () => {
    const plan = planFirings(minutely(-1), { ...quiet, now: at(0.2) })
    expect(plan.firings).toMatchObject([{ nominal: '2026-03-02T12:00:00', outcome: 'started', reason: null }])
    expect(plan.decidedUntil).toEqual(NOON)
    expect(plan.next).toMatchObject({ at: minutes(1), due: minutes(1) })
  })

  it('does nothing before its time', () => {
    expect(became(minutely(0), { now: at(59) })).toEqual([])
  })

  it('is decided by nothing twice when the clock has gone back', () => {
    expect(became(minutely(0), { now: minutes(-60) })).toEqual([])
  })

  it('stops when nothing remains', () => {
    const plan = planFirings(minutely(-1, { remaining: 1 }), quiet)
    expect(plan).toMatchObject({ remaining: 0, next: undefined })
    expect(plan.firings).toHaveLength(1)
  })
})

describe('after a stop of five firings', () => {
  const now = at(30)
  it('last: the last of them, and the rest is told', () => {
    expect(became(minutely(-5), { now })).toEqual([
      '11:56 missed dropped',
      '11:57 missed dropped',
      '11:58 missed dropped',
      '11:59 missed dropped',
      '12:00 started caught_up',
    ])
  })

  it('none: none', () => {
    const outcomes = became(minutely(-5, { catch_up: 'none' }), { now })
    expect(outcomes).toHaveLength(5)
    expect(outcomes.every((text) => text.endsWith('missed dropped'))).toBe(true)
  })

  it('all: all, one after another', () => {
    expect(became(minutely(-5, { catch_up: 'all' }), { now })).toEqual([
      '11:56 started caught_up',
      '11:57 waiting caught_up',
      '11:58 waiting caught_up',
      '11:59 waiting caught_up',
      '12:00 waiting caught_up',
    ])
  })

  it('all at once where runs may overlap', () => {
    const outcomes = became(minutely(-5, { catch_up: 'all', overlap: 'allow' }), { now })
    expect(new Set(outcomes.map((text) => text.slice(6)))).toEqual(new Set(['started caught_up']))
  })

  it('all within the window', () => {
    expect(became(minutely(-5, { catch_up: 'all', catch_up_window_seconds: 100 }), { now })).toEqual([
      '11:56 missed dropped',
      '11:57 missed dropped',
      '11:58 missed dropped',
      '11:59 started caught_up',
      '12:00 waiting caught_up',
    ])
  })

  it('the one that is on time is the last', () => {
    expect(became(minutely(-3), { now: at(1) })).toEqual([
      '11:58 missed dropped',
      '11:59 missed dropped',
      '12:00 started',
    ])
  })

  it('the last of more than are decided at once is started once', () => {
    const [schedule, started] = [minutely(-1_700), [] as string[]]
    for (;;) {
      const plan = planFirings(schedule, { ...quiet, now })
      started.push(
        ...plan.firings.filter(({ outcome }) => outcome === 'started').map(({ nominal }) => nominal),
      )
      schedule.decided_until = plan.decidedUntil
      if (plan.next && plan.next.due > now) break
    }
    expect(started).toEqual(['2026-03-02T12:00:00'])
  })

  it('the time before the first is known where a parameter asks for it', () => {
    const since = { since: '{{previous_nominal}}' }
    expect(planFirings(minutely(-1, { parameters: since }), quiet).firings[0]?.previous).toEqual(minutes(-1))
  })

  it('a closed time is not the last that is caught up', () => {
    const closed = (time: Date) =>
      time.getTime() === NOON.getTime() ? { reason: 'blackout' as const, detail: 'Blackout' } : undefined
    expect(became(minutely(-3), { now, closed })).toEqual([
      '11:58 missed dropped',
      '11:59 started caught_up',
      '12:00 skipped blackout',
    ])
  })
})

describe('what a person said when resuming', () => {
  const resumed = (said: string) =>
    minutely(-3, { catch_up: 'none' }, { catch_up_until: NOON, catch_up_as: said })
  it.each([
    ['skip', ['11:58 missed paused', '11:59 missed paused', '12:00 missed paused']],
    ['last', ['11:58 missed dropped', '11:59 missed dropped', '12:00 started caught_up']],
    ['all', ['11:58 started caught_up', '11:59 waiting caught_up', '12:00 waiting caught_up']],
  ])('%s', (said, expected) => {
    expect(became(resumed(said), { now: at(30) })).toEqual(expected)
  })
})

describe('while a run has not ended', () => {
  it.each([
    ['skip', 0, ['12:00 skipped overlap']],
    ['buffer_one', 0, ['12:00 waiting overlap']],
    ['buffer_one', 1, ['12:00 skipped overlap']],
    ['allow', 0, ['12:00 started']],
    ['cancel_running', 0, ['12:00 waiting overlap']],
  ] as const)('%s, %i waiting', (overlap, waiting, expected) => {
    expect(became(minutely(-1, { overlap }), { open: 1, waiting })).toEqual(expected)
  })

  it('a newer one takes the place of the one that waits', () => {
    const plan = planFirings(minutely(-1, { overlap: 'cancel_running' }), { ...quiet, open: 1, waiting: 1 })
    expect(plan.supersedes).toBe(true)
  })

  it('so many may run at once', () => {
    expect(became(minutely(-1, { concurrency: 3 }), { open: 2 })).toEqual(['12:00 started'])
    expect(became(minutely(-1, { concurrency: 3 }), { open: 3 })).toEqual(['12:00 skipped overlap'])
  })
})

it('every nominal time gets one outcome, whatever the policy, however long it was away', () => {
  const definition = fc.record({
    overlap: fc.constantFrom('skip', 'buffer_one', 'allow', 'cancel_running'),
    catch_up: fc.constantFrom('last', 'all', 'none'),
    concurrency: fc.integer({ min: 1, max: 3 }),
    jitter_seconds: fc.integer({ min: 0, max: 600 }),
    catch_up_window_seconds: fc.integer({ min: 10, max: 3_600 }),
  })
  const world = fc.record({
    open: fc.integer({ min: 0, max: 4 }),
    waiting: fc.integer({ min: 0, max: 2 }),
    away: fc.integer({ min: 0, max: 90 }),
    seconds: fc.integer({ min: 0, max: 59 }),
  })
  fc.assert(
    fc.property(definition, world, (changes, { open, waiting, away, seconds }) => {
      const schedule = minutely(-away, changes as Partial<ScheduleDefinition>)
      const now = at(seconds)
      const { firings, next, decidedUntil } = planFirings(schedule, { ...quiet, now, open, waiting })
      const times = firings.map((firing) => firing.at.getTime())
      // Without a gap: each a minute after the one before.
      expect(times).toEqual(times.map((_, i) => minutes(-away + 1 + i).getTime()))
      expect(next?.at.getTime()).toBe(decidedUntil.getTime() + 60_000)
      expect(next && next.due > now).toBe(true)
      expect(firings.every((firing) => firing.due <= now)).toBe(true)
      const { overlap, concurrency, catch_up } = changes
      const started = firings.filter(({ outcome }) => outcome === 'started').length
      if (overlap !== 'allow') expect(started).toBeLessThanOrEqual(Math.max(0, concurrency - open))
      const kept = firings.filter(
        ({ outcome, reason }) => outcome === 'waiting' && reason === 'overlap',
      ).length
      if (overlap === 'buffer_one') expect(kept).toBeLessThanOrEqual(1)
      if (catch_up === 'none') expect(firings.some(({ reason }) => reason === 'caught_up')).toBe(false)
    }),
    { numRuns: 500 },
  )
})
