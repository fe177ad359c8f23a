import { describe, expect, it } from 'vitest'
import { attendantsOf } from '../../../../src/hotel/housekeeping/cleaning-staff.rules.ts'
import {
  byPriority,
  type CleaningJob,
  cleaningOfDay,
  type ListedTask,
  type RoomOfDay,
} from '../../../../src/hotel/housekeeping/housekeeping.rules.ts'

const NOW = Date.parse('2025-01-17T02:00:00Z')
const MINUTE = 60_000

type Given = Partial<Omit<RoomOfDay, 'state'>> & { state?: Partial<RoomOfDay['state']> }

function room(roomNumber: string, { state, ...given }: Given = {}): RoomOfDay {
  const made = { housekeeping: 'clean', occupancy: 'vacant', maintenance: 'none', service: 'none' } as const
  const facts = { floor: 2, section: null, cleanedAt: null, changedAt: null, stay: null, arrival: null }
  return { roomNumber, ...facts, ...given, state: { ...made, ...state } }
}

function task(roomNumber: string, given: Partial<ListedTask> = {}): ListedTask {
  const facts = { kind: 'departure', status: 'open', assignedTo: null, finishedAt: null } as const
  return { id: `t${roomNumber}`, roomNumber, createdAt: NOW - 60 * MINUTE, ...facts, ...given }
}

const STAYING = { isDueOut: false, cameToday: false }
const LEAVING = { isDueOut: true, cameToday: false }
const coming = (given: Partial<NonNullable<RoomOfDay['arrival']>> = {}) => ({
  expectedAt: null,
  vip: false,
  isHere: false,
  ...given,
})
const kinds = (rooms: RoomOfDay[], tasks: ListedTask[] = []) =>
  cleaningOfDay(rooms, tasks, NOW).jobs.map(({ roomNumber, kind, minutes }) => [roomNumber, kind, minutes])

describe('what is to be cleaned', () => {
  it.each<[string, Given, string | undefined]>([
    ['a guest leaves today', { stay: LEAVING, state: { occupancy: 'occupied' } }, 'departure'],
    ['a guest stays', { stay: STAYING, state: { occupancy: 'occupied' } }, 'stay_over'],
    ['a guest came today', { stay: { ...STAYING, cameToday: true } }, undefined],
    [
      'came today, and wishes it',
      { stay: { ...STAYING, cameToday: true }, state: { service: 'make_up' } },
      'stay_over',
    ],
    ['occupied by whom nobody knows', { state: { occupancy: 'occupied' } }, 'stay_over'],
    ['left dirty', { state: { housekeeping: 'dirty' } }, 'departure'],
    ['to be tidied', { state: { housekeeping: 'pickup' } }, 'pickup'],
    ['clean', {}, undefined],
    ['inspected', { state: { housekeeping: 'inspected' } }, undefined],
    ['dirty, out of order', { state: { housekeeping: 'dirty', maintenance: 'out_of_order' } }, undefined],
  ])('%s', (_name, given, kind) => {
    expect(kinds([room('201', given)]).map((one) => one[1])).toEqual(kind === undefined ? [] : [kind])
  })

  it('takes its minutes', () => {
    const rooms = [room('201', { stay: LEAVING }), room('202', { stay: STAYING })]
    expect(kinds(rooms)).toEqual([
      ['201', 'departure', 30],
      ['202', 'stay_over', 18],
    ])
  })
})

describe('the list as it is', () => {
  it('what is in progress stays with whoever has it, whatever became of the room', () => {
    const begun = task('201', { status: 'in_progress', assignedTo: 'E1', kind: 'stay_over' })
    const day = cleaningOfDay([room('201', { state: { maintenance: 'out_of_service' } })], [begun], NOW)
    expect(day).toMatchObject({
      jobs: [],
      over: [],
      begun: [{ roomNumber: '201', employeeId: 'E1', minutes: 18 }],
    })
  })

  it('an open task goes on as what the room needs now', () => {
    const stayOver = task('201', { kind: 'stay_over', status: 'assigned', assignedTo: 'E1' })
    const left = cleaningOfDay([room('201', { state: { housekeeping: 'dirty' } })], [stayOver], NOW)
    expect(left.jobs).toMatchObject([{ kind: 'departure', taskId: 't201' }])
    const extended = cleaningOfDay([room('202', { stay: STAYING })], [task('202')], NOW)
    expect(extended.jobs).toMatchObject([{ kind: 'stay_over', taskId: 't202' }])
  })

  it('an ordered task is kept where the room’s row does not know yet, or is not there', () => {
    expect(kinds([room('201')], [task('201')])).toEqual([['201', 'departure', 30]])
    expect(kinds([], [task('999')])).toEqual([['999', 'departure', 30]])
  })

  it('a room that became clean since is over: done by whoever had it', () => {
    const clean = (number: string) => room(number, { cleanedAt: NOW - 5 * MINUTE })
    const tasks = [task('201', { status: 'assigned', assignedTo: 'E1' }), task('202')]
    const day = cleaningOfDay([clean('201'), clean('202')], tasks, NOW)
    expect(day.jobs).toEqual([])
    expect(day.over.map(({ taskId, status }) => [taskId, status])).toEqual([
      ['t201', 'done'],
      ['t202', 'cancelled'],
    ])
  })

  it('a room in maintenance is nobody’s', () => {
    const day = cleaningOfDay([room('201', { state: { maintenance: 'out_of_order' } })], [task('201')], NOW)
    expect(day).toMatchObject({ jobs: [], over: [{ taskId: 't201', status: 'cancelled' }] })
  })

  it('what was done today is not done again, unless the room is dirty again or needs more', () => {
    const done = (roomNumber: string, kind: ListedTask['kind'], ago: number) =>
      task(roomNumber, { kind, status: 'done', assignedTo: 'E1', finishedAt: NOW - ago * MINUTE })
    const stays = room('201', { stay: STAYING })
    expect(kinds([stays], [done('201', 'stay_over', 10)])).toEqual([])
    expect(kinds([stays], [done('201', 'pickup', 10)])).toEqual([['201', 'stay_over', 18]])
    const dirty = room('202', { state: { housekeeping: 'dirty' }, changedAt: NOW - 5 * MINUTE })
    expect(kinds([dirty], [done('202', 'departure', 10)])).toEqual([['202', 'departure', 30]])
    expect(kinds([dirty], [done('202', 'departure', 1)])).toEqual([])
    const leaves = room('203', { stay: LEAVING, state: { occupancy: 'occupied' } })
    expect(kinds([leaves], [done('203', 'stay_over', 10)])).toEqual([['203', 'departure', 30]])
  })
})

describe('which comes first', () => {
  const dirty = { state: { housekeeping: 'dirty' } } as const
  const inOrder: [string, RoomOfDay][] = [
    ['guest is here', room('1', { ...dirty, arrival: coming({ isHere: true }) })],
    ['guest said to be here by now', room('2', { ...dirty, arrival: coming({ expectedAt: NOW - MINUTE }) })],
    ['arrival expected soon', room('3', { ...dirty, arrival: coming({ expectedAt: NOW + MINUTE }) })],
    ['arrival expected later', room('4', { ...dirty, arrival: coming({ expectedAt: NOW + 9 * MINUTE }) })],
    ['VIP arrival', room('5', { ...dirty, arrival: coming({ vip: true }) })],
    ['arrival', room('6', { ...dirty, arrival: coming() })],
    ['departure', room('7', { stay: LEAVING })],
    ['stay-over that is wished', room('8', { stay: STAYING, state: { service: 'make_up' } })],
    ['stay-over', room('9', { stay: STAYING })],
  ]

  it('the guest who waits, who comes soonest, VIPs, arrivals, departures, stay-overs', () => {
    const jobs = cleaningOfDay(inOrder.map(([, one]) => one).reverse(), [], NOW).jobs.sort(byPriority)
    // Of the two who wait, the one who said when is first.
    expect(jobs.map(({ roomNumber }) => roomNumber)).toEqual(['2', '1', '3', '4', '5', '6', '7', '8', '9'])
  })

  it.each(['dnd', 'declined'] as const)('%s is asked again at the end, whoever waits', (service) => {
    const wanted = room('201', { stay: LEAVING, state: { service }, arrival: coming({ isHere: true }) })
    const jobs = cleaningOfDay([wanted, room('202', { stay: STAYING })], [], NOW).jobs.sort(byPriority)
    expect(jobs.map(({ roomNumber }) => roomNumber)).toEqual(['202', '201'])
  })

  it('an arrival does not hurry a room whose guest stays on', () => {
    const [job] = cleaningOfDay(
      [room('201', { stay: STAYING, arrival: coming({ isHere: true }) })],
      [],
      NOW,
    ).jobs
    expect(job).toMatchObject({ kind: 'stay_over', rank: 6, expectedAt: null })
  })

  it('alike rooms by the shortest way', () => {
    const at = (roomNumber: string, floor: number, section: string) =>
      room(roomNumber, { ...dirty, floor, section })
    const jobs = cleaningOfDay([at('301', 3, 'a'), at('202', 2, 'b'), at('203', 2, 'a')], [], NOW).jobs
    expect(jobs.sort(byPriority).map(({ roomNumber }: CleaningJob) => roomNumber)).toEqual([
      '203',
      '202',
      '301',
    ])
  })
})

describe('who works how long', () => {
  const of = (start: string, end: string | null) =>
    attendantsOf([{ employeeId: 'E1', start, end }], 420).map(({ minutes }) => minutes)

  it.each<[string, string | null, number]>([
    ['08:00:00', '16:00:00', 420],
    ['08:00', '12:00', 180],
    ['22:00', '06:00', 420],
    ['08:00', null, 420],
    ['08:00', '20:00', 420],
    ['08:00', '08:30', 0],
  ])('%s to %s', (start, end, minutes) => {
    expect(of(start, end)).toEqual([minutes])
  })

  it('two short shifts add up', () => {
    const shifts = [
      { employeeId: 'E1', start: '06:00', end: '09:00' },
      { employeeId: 'E1', start: '17:00', end: '20:00' },
    ]
    expect(attendantsOf(shifts, 420)).toEqual([{ employeeId: 'E1', minutes: 240 }])
  })
})
