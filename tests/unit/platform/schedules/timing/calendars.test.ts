import { describe, expect, it } from 'vitest'
import { checkCalendar, closedOn } from '../../../../../src/platform/schedules/timing/calendars.ts'

describe('a calendar of a country', () => {
  // Five days by law: the eve and four.
  it.each([
    ['2026-02-15', '2026-02-16', '2026-02-20', '2026-02-21', '2026-02-17'],
    ['2027-02-04', '2027-02-05', '2027-02-09', '2027-02-10', '2027-02-06'],
  ])('has Tết: not %s, but %s to %s, not %s', async (before, first, last, after, tet) => {
    const reason = await closedOn(['holidays:VN'], new Map())
    expect(reason(before)).toBeUndefined()
    expect(reason(first)).toBe('holidays:VN: Giao thừa Tết Nguyên Đán')
    expect(reason(tet)).toBe('holidays:VN: Tết Nguyên Đán')
    expect(reason(last)).toMatch(/^holidays:VN: /)
    expect(reason(after)).toBeUndefined()
  })

  it('has its public holidays only', async () => {
    const reason = await closedOn(['holidays:VN'], new Map())
    expect(reason('2026-09-02')).toBe('holidays:VN: Quốc khánh')
    expect(reason('2026-04-26')).toBe('holidays:VN: Giỗ tổ Hùng Vương')
    expect(reason('2026-09-03')).toBeUndefined()
    expect(reason('2026-03-08')).toBeUndefined()
  })

  it('may be of one of its states', async () => {
    const [bavaria, germany] = await Promise.all([
      closedOn(['holidays:DE-BY'], new Map()),
      closedOn(['holidays:DE'], new Map()),
    ])
    expect(bavaria('2026-01-06')).toBe('holidays:DE-BY: Heilige Drei Könige')
    expect(germany('2026-01-06')).toBeUndefined()
  })

  it('is quick once it was read', async () => {
    const reason = await closedOn(['holidays:VN'], new Map())
    reason('2026-01-01')
    const start = process.cpuUsage()
    for (let i = 0; i < 10_000; i++) reason('2026-06-15')
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(100)
  })

  it.each([
    ['holidays:VN', undefined],
    ['holidays:DE-BY', undefined],
    ['holidays:XX', /must name a country .*"XX" is none/],
    ['holidays:DE-XX', /must name a state of DE \(BB, BE, .*\), not "XX"/],
    ['holidays:VN-1', /must name a state of VN \(there are none\), not "1"/],
    ['holidays:vn', /must be holidays:<COUNTRY>/],
    ['renovation', /must be holidays:<COUNTRY> .* or a calendar that has dates; "renovation" has none/],
  ])('%s is checked', async (name, expected) => {
    const message = await checkCalendar(name)
    if (expected === undefined) expect(message).toBeUndefined()
    else expect(message).toMatch(expected)
  })
})

describe('the hotel’s own calendar', () => {
  const own = new Map([
    ['renovation', new Map([['2026-03-03', 'Lobby']])],
    ['holidays:VN', new Map([['2026-03-04', '']])],
  ])

  it('gives its reason, or its name where there is none', async () => {
    const reason = await closedOn(['renovation', 'holidays:VN'], own)
    expect(reason('2026-03-03')).toBe('renovation: Lobby')
    expect(reason('2026-03-04')).toBe('holidays:VN')
    expect(reason('2026-03-05')).toBeUndefined()
  })

  it('closes nothing once it has gone', async () => {
    const reason = await closedOn(['gone'], own)
    expect(reason('2026-03-03')).toBeUndefined()
  })
})
