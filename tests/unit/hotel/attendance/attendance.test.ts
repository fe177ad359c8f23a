import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isConfident,
  isSamePunch,
  judge,
  type LoggedPunch,
} from '../../../../src/hotel/attendance/attendance.rules.ts'

const rules = { graceMinutes: 5, timezone: 'Asia/Ho_Chi_Minh' }
const week = [{ dayOfWeek: 4, start: '08:00', end: '16:00' }]
const START = Date.parse('2025-01-17T08:00:00+07:00')
const at = (seconds: number) => new Date(START + seconds * 1000)

/** What the task does with a judgement, on an array in place of the table. */
function apply(
  rows: LoggedPunch[],
  seconds: number,
  runId: string,
  action: 'check_in' | 'check_out' = 'check_in',
) {
  const verdict = judge({ at: at(seconds), action, runId }, rows, week, rules)
  const { own, same, lateMinutes, movesBack, superseded } = verdict
  if (own || (same && !movesBack)) return verdict
  for (const row of superseded) Object.assign(row, { isLate: false, lateMinutes: 0 })
  const facts = { at: at(seconds), isLate: lateMinutes > 0, lateMinutes }
  if (same) Object.assign(same, facts)
  else rows.push({ id: String(rows.length + 1), action, runId, ...facts })
  return verdict
}

describe('one punch', () => {
  it('is the same within 2 minutes, either way', () => {
    expect(isSamePunch(at(0), at(120))).toBe(true)
    expect(isSamePunch(at(120), at(0))).toBe(true)
    expect(isSamePunch(at(0), at(121))).toBe(false)
  })

  it('counts from the minimum confidence on', () => {
    expect([0.69, 0.7, 0.98].map((confidence) => isConfident(confidence, 0.7))).toEqual([false, true, true])
  })
})

describe('judge', () => {
  it('only the first check-in of a shift can be late', () => {
    const rows: LoggedPunch[] = []
    expect(apply(rows, 0, 'a').lateMinutes).toBe(0)
    expect(apply(rows, 3600, 'b').lateMinutes).toBe(0)
  })

  it('a check-out neither is late nor counts as the first check-in', () => {
    const rows: LoggedPunch[] = []
    expect(apply(rows, 600, 'a', 'check_out').lateMinutes).toBe(0)
    expect(apply(rows, 1200, 'b').lateMinutes).toBe(20)
  })

  it('a check-out within 2 minutes of a check-in is a punch of its own', () => {
    const rows: LoggedPunch[] = []
    apply(rows, 0, 'a')
    apply(rows, 60, 'b', 'check_out')
    expect(rows.map((row) => row.action)).toEqual(['check_in', 'check_out'])
  })

  it('finds its own row again', () => {
    const rows: LoggedPunch[] = []
    apply(rows, 600, 'a')
    expect(apply(rows, 600, 'a')).toMatchObject({ own: { id: '1', lateMinutes: 10 }, same: undefined })
    expect(rows).toHaveLength(1)
  })

  it('a check-in belongs to the shift that starts nearest, a check-out to the one that ends nearest', () => {
    const split = [
      { dayOfWeek: 4, start: '08:00', end: '12:00' },
      { dayOfWeek: 4, start: '13:00', end: '17:00' },
    ]
    const startOf = (action: 'check_in' | 'check_out') =>
      judge({ at: at(4.1 * 3600), action, runId: 'a' }, [], split, rules).shift?.start
    expect(startOf('check_in')).toEqual(at(5 * 3600))
    expect(startOf('check_out')).toEqual(at(0))
  })

  it('without a schedule nobody is late', () => {
    const verdict = judge({ at: at(6000), action: 'check_in', runId: 'a' }, [], [], rules)
    expect(verdict).toMatchObject({ shift: undefined, lateMinutes: 0 })
  })

  it('whatever the order of arrival, the earliest check-in alone carries the lateness of the shift', () => {
    const sightings = fc.uniqueArray(fc.integer({ min: -3600, max: 7200 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(sightings, (seconds) => {
        const rows: LoggedPunch[] = []
        for (const [index, second] of seconds.entries()) apply(rows, second, `run${index}`)
        const earliest = Math.min(...seconds)
        const expected = earliest <= 300 ? 0 : Math.floor(earliest / 60)
        const [first, ...rest] = rows.sort((a, b) => a.at.getTime() - b.at.getTime())
        expect(first).toMatchObject({ at: at(earliest), lateMinutes: expected, isLate: expected > 0 })
        expect(rest.every((row) => !row.isLate && row.lateMinutes === 0)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})
