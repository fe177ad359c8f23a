import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Attendant,
  type CleaningPlan,
  planCleaning,
} from '../../../../src/hotel/housekeeping/cleaning-plan.rules.ts'
import {
  byPriority,
  type CleaningDay,
  type CleaningJob,
} from '../../../../src/hotel/housekeeping/housekeeping.rules.ts'
import { CLEANING_KINDS, CLEANING_MINUTES } from '../../../../src/hotel/rooms/cleaning-orders.rules.ts'

const MAX_ROOMS = 16

function job(roomNumber: string, given: Partial<CleaningJob> = {}): CleaningJob {
  const kind = given.kind ?? 'departure'
  const facts = { floor: 1, section: null, rank: 4, expectedAt: null, vip: false, taskId: null }
  return { roomNumber, kind, minutes: CLEANING_MINUTES[kind], ...facts, ...given }
}

const jobsArbitrary = fc
  .array(
    fc.record({
      kind: fc.constantFrom(...CLEANING_KINDS),
      floor: fc.option(fc.integer({ min: 1, max: 6 })),
      section: fc.constantFrom(null, 'east', 'west'),
      rank: fc.integer({ min: 0, max: 7 }),
      expectedAt: fc.option(fc.integer({ min: 0, max: 5 })),
      vip: fc.boolean(),
    }),
    { maxLength: 60 },
  )
  .map((list) => list.map((facts, index) => job(String(100 + index), facts)))

const attendantsArbitrary = fc.uniqueArray(
  fc.record({
    employeeId: fc.constantFrom('E1', 'E2', 'E3', 'E4', 'E5', 'E6'),
    minutes: fc.integer({ min: 0, max: 420 }),
    floors: fc.option(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 2 }), { nil: undefined }),
    section: fc.constantFrom(undefined, 'east'),
    skills: fc.option(fc.subarray([...CLEANING_KINDS]), { nil: undefined }),
  }),
  { selector: ({ employeeId }) => employeeId, maxLength: 6 },
)

const begunArbitrary = fc
  .array(fc.constantFrom('E1', 'E2', 'E9', null), { maxLength: 4 })
  .map((list) => list.map((employeeId, index) => begin(String(900 + index), employeeId)))

function begin(roomNumber: string, employeeId: string | null): CleaningDay['begun'][number] {
  return { roomNumber, floor: 1, section: null, minutes: 30, employeeId }
}

const dayArbitrary = fc.record({ jobs: jobsArbitrary, begun: begunArbitrary })
/** Where a plan can be judged by arithmetic: everybody can do everything, all day. */
const plainArbitrary = fc.record({
  jobs: jobsArbitrary,
  attendants: fc
    .integer({ min: 1, max: 6 })
    .map((count) => Array.from({ length: count }, (_, index) => person(`E${index}`))),
})

function person(employeeId: string, given: Partial<Attendant> = {}): Attendant {
  return { employeeId, minutes: 420, ...given }
}

const rooms = (plan: CleaningPlan) => plan.lists.map(({ jobs }) => jobs.map(({ roomNumber }) => roomNumber))
const SEED = { seed: 20250117, numRuns: 300 }

describe('a plan', () => {
  it('has every room exactly once, in a list or unassigned', () => {
    const check = (
      { jobs, begun }: { jobs: CleaningJob[]; begun: CleaningDay['begun'] },
      people: Attendant[],
    ) => {
      const { lists, unassigned } = planCleaning({ jobs, begun }, people, MAX_ROOMS)
      const placed = [...lists.flatMap((list) => list.jobs), ...unassigned.map((one) => one.job)]
      expect(placed.map(({ roomNumber }) => roomNumber).sort()).toEqual(
        jobs.map(({ roomNumber }) => roomNumber).sort(),
      )
    }
    fc.assert(fc.property(dayArbitrary, attendantsArbitrary, check), SEED)
  })

  it('keeps the caps of minutes, rooms and skills', () => {
    const check = (day: Pick<CleaningDay, 'jobs' | 'begun'>, people: Attendant[], maxRooms: number) => {
      const { lists } = planCleaning(day, people, maxRooms)
      for (const list of lists) {
        const attendant = people.find(({ employeeId }) => employeeId === list.employeeId)
        if (list.jobs.length === 0) continue
        expect(list.minutes).toBeLessThanOrEqual(attendant?.minutes ?? 0)
        expect(list.begun.length + list.jobs.length).toBeLessThanOrEqual(maxRooms)
        for (const { kind } of list.jobs) expect(attendant?.skills ?? [kind]).toContain(kind)
        const own = day.begun.filter(({ employeeId }) => employeeId === list.employeeId)
        const minutes = [...own, ...list.jobs].reduce((sum, one) => sum + one.minutes, 0)
        expect(list.minutes).toBe(minutes)
      }
    }
    fc.assert(fc.property(dayArbitrary, attendantsArbitrary, fc.integer({ min: 1, max: 16 }), check), SEED)
  })

  it('is the same in whatever order the day is told', () => {
    const check = ([day, people, turn]: [Pick<CleaningDay, 'jobs' | 'begun'>, Attendant[], number]) => {
      const turned = <T>(list: readonly T[]) => [...list.slice(turn), ...list.slice(0, turn)].reverse()
      const again = { jobs: turned(day.jobs), begun: turned(day.begun) }
      expect(planCleaning(again, turned(people), MAX_ROOMS)).toEqual(planCleaning(day, people, MAX_ROOMS))
    }
    fc.assert(fc.property(fc.tuple(dayArbitrary, attendantsArbitrary, fc.nat(60)), check), SEED)
  })

  it('puts what is more urgent first in each list', () => {
    const check = (day: Pick<CleaningDay, 'jobs' | 'begun'>, people: Attendant[]) => {
      for (const { jobs } of planCleaning(day, people, MAX_ROOMS).lists) {
        for (const [index, one] of jobs.slice(1).entries()) {
          expect(byPriority(jobs[index] as CleaningJob, one)).toBeLessThan(0)
          expect((jobs[index] as CleaningJob).rank).toBeLessThanOrEqual(one.rank)
        }
      }
    }
    fc.assert(fc.property(dayArbitrary, attendantsArbitrary, check), SEED)
  })

  it('leaves out what somebody waits for only where it does not fit among its like', () => {
    const check = (day: Pick<CleaningDay, 'jobs' | 'begun'>, people: Attendant[]) => {
      const { lists, unassigned } = planCleaning(day, people, MAX_ROOMS)
      const urgent = lists.flatMap(({ jobs }) => jobs).filter(({ rank }) => rank === 0)
      for (const { job: left, reason } of unassigned) {
        if (reason !== 'no_capacity' || left.rank > 0) continue
        // What is left of the most urgent could not even be placed with nothing but its like.
        const alone = planCleaning({ jobs: [...urgent, left], begun: day.begun }, people, MAX_ROOMS)
        expect(alone.unassigned.length).toBeGreaterThan(0)
      }
    }
    fc.assert(fc.property(dayArbitrary, attendantsArbitrary, check), SEED)
  })
})

describe('fairness', () => {
  it('jobs that can be shared out evenly are', () => {
    const shares = fc.tuple(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 5 }),
    )
    const check = ([people, ...each]: [number, number, number, number]) => {
      const jobs = CLEANING_KINDS.flatMap((kind, index) =>
        Array.from({ length: (each[index] as number) * people }, (_, n) =>
          job(`${kind}${n}`, { kind, floor: n % 7 }),
        ),
      )
      const attendants = Array.from({ length: people }, (_, index) => person(`E${index}`))
      const { spread, unassigned } = planCleaning({ jobs, begun: [] }, attendants, MAX_ROOMS)
      expect(unassigned).toEqual([])
      expect(spread).toBeLessThanOrEqual(0.15)
    }
    fc.assert(fc.property(shares, check), SEED)
  })

  it('is never worse than longest first to the least loaded alone', () => {
    const check = ({ jobs, attendants }: { jobs: CleaningJob[]; attendants: Attendant[] }) => {
      const plan = planCleaning({ jobs, begun: [] }, attendants, jobs.length)
      if (plan.unassigned.length > 0) return
      expect(plan.spread).toBeLessThanOrEqual(greedySpread(jobs, attendants.length) + 1e-9)
    }
    fc.assert(fc.property(plainArbitrary, check), SEED)
  })

  it('evens out what longest first leaves uneven', () => {
    // 30+30 and 18+18+18 is 60 and 54; longest first makes it 30+18+18 and 30+18.
    const jobs = [
      ...['1', '2'].map((room) => job(room)),
      ...['3', '4', '5'].map((room) => job(room, { kind: 'stay_over' })),
    ]
    expect(greedySpread(jobs, 2)).toBeGreaterThan(0.15)
    const plan = planCleaning({ jobs, begun: [] }, [person('E1'), person('E2')], MAX_ROOMS)
    expect(plan.lists.map(({ minutes }) => minutes).sort()).toEqual([54, 60])
  })
})

function greedySpread(jobs: readonly CleaningJob[], people: number): number {
  const minutes = Array.from({ length: people }, () => 0)
  for (const one of [...jobs].sort((a, b) => b.minutes - a.minutes)) {
    const least = minutes.indexOf(Math.min(...minutes))
    minutes[least] = (minutes[least] as number) + one.minutes
  }
  const sum = minutes.reduce((total, one) => total + one, 0)
  return sum === 0 ? 0 : ((Math.max(...minutes) - Math.min(...minutes)) * people) / sum
}

describe('when not all fit', () => {
  it('the least urgent stays, and says why', () => {
    const jobs = [job('101', { rank: 6 }), job('102', { rank: 0 }), job('103', { rank: 4 })]
    const plan = planCleaning({ jobs, begun: [] }, [person('E1', { minutes: 60 })], MAX_ROOMS)
    expect(rooms(plan)).toEqual([['102', '103']])
    expect(plan.unassigned).toMatchObject([{ job: { roomNumber: '101' }, reason: 'no_capacity' }])
  })

  it('a short job still takes the minutes a long one could not use', () => {
    const jobs = [job('101', { rank: 0 }), job('102', { rank: 4 }), job('103', { kind: 'pickup', rank: 6 })]
    const plan = planCleaning({ jobs, begun: [] }, [person('E1', { minutes: 45 })], MAX_ROOMS)
    expect(rooms(plan)).toEqual([['101', '103']])
  })

  it('nobody there, and nobody who can, are told apart', () => {
    const jobs = [job('101')]
    const none = planCleaning({ jobs, begun: [] }, [], MAX_ROOMS)
    expect(none).toMatchObject({ lists: [], spread: 0, unassigned: [{ reason: 'no_attendant' }] })
    const unskilled = planCleaning({ jobs, begun: [] }, [person('E1', { skills: ['pickup'] })], MAX_ROOMS)
    expect(unskilled.unassigned).toMatchObject([{ reason: 'no_skill' }])
  })
})

describe('ways', () => {
  /** Five rooms to clean on each of six floors: 30 departures for six people. */
  const floors = [1, 2, 3, 4, 5, 6]
  const jobs = floors.flatMap((floor) =>
    [1, 2, 3, 4, 5].map((room) => job(`${floor}0${room}`, { floor, section: room < 3 ? 'east' : 'west' })),
  )
  const floorsOf = (plan: CleaningPlan) =>
    plan.lists.map((list) => [...new Set(list.jobs.map(({ floor }) => floor))])

  it('are short: a floor each', () => {
    const people = floors.map((floor) => person(`E${floor}`))
    const plan = planCleaning({ jobs, begun: [] }, people, MAX_ROOMS)
    expect(plan.spread).toBe(0)
    for (const list of floorsOf(plan)) expect(list).toHaveLength(1)
  })

  it('lead to the floors a person works on', () => {
    const people = floors.map((floor) => person(`E${floor}`, { floors: [7 - floor] }))
    expect(floorsOf(planCleaning({ jobs, begun: [] }, people, MAX_ROOMS))).toEqual([
      [6],
      [5],
      [4],
      [3],
      [2],
      [1],
    ])
  })

  it('but rooms that somebody waits for go to different people', () => {
    const waiting = [1, 2, 3].map((room) => job(`90${room}`, { floor: 9, rank: 0 }))
    const people = ['E1', 'E2', 'E3'].map((id) => person(id, { floors: id === 'E1' ? [9] : [1] }))
    const plan = planCleaning({ jobs: [...jobs.slice(0, 6), ...waiting], begun: [] }, people, MAX_ROOMS)
    expect(plan.lists.map((list) => list.jobs[0]?.roomNumber)).toEqual(['901', '902', '903'])
  })
})

it('what is in progress counts for who has it', () => {
  const begun = [begin('201', 'E1'), begin('202', 'E1'), begin('203', 'E9')]
  const plan = planCleaning(
    { jobs: [job('101'), job('102')], begun },
    [person('E1'), person('E2')],
    MAX_ROOMS,
  )
  expect(plan.lists).toMatchObject([
    { employeeId: 'E1', begun: ['201', '202'], jobs: [], minutes: 60 },
    { employeeId: 'E2', begun: [], minutes: 60 },
  ])
})
