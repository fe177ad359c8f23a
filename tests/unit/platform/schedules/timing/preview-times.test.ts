import { describe, expect, it } from 'vitest'
import {
  type PreviewOptions,
  previewTimes,
} from '../../../../../src/platform/schedules/timing/preview-times.ts'

const timezone = 'Europe/Paris'
const preview = (cron: string, after: string, options: Partial<PreviewOptions> = {}) =>
  previewTimes(
    { type: 'cron', cron, timezone },
    { after: new Date(after), count: 3, language: 'en', ...options },
  )

describe('a preview', () => {
  it('says what a gap does, in either language', () => {
    const { times, truncated } = preview('30 2 * * *', '2026-03-28T12:00:00Z', { count: 2 })
    expect(times).toEqual([
      {
        key: '2026-03-29T02:30:00',
        at: new Date('2026-03-29T01:00:00Z'),
        runs: true,
        notes: ['The clocks skip 02:30 on this day: it comes at the first time after.'],
      },
      { key: '2026-03-30T02:30:00', at: new Date('2026-03-30T00:30:00Z'), runs: true, notes: [] },
    ])
    expect(truncated).toBeUndefined()
    const vietnamese = preview('30 2 * * *', '2026-03-28T12:00:00Z', { count: 1, language: 'vi' })
    expect(vietnamese.times[0]?.notes).toEqual([
      'Hôm đó đồng hồ bỏ qua 02:30: chạy vào thời điểm đầu tiên sau đó.',
    ])
  })

  it('says which pass of a repeated hour a time is in', () => {
    const { times } = preview('*/30 * * * *', '2026-10-24T23:30:00Z', { count: 5 })
    expect(times.map(({ key, notes }) => [key, ...notes])).toEqual([
      ['2026-10-25T02:00:00', 'The clocks show this time twice: this is the first.'],
      ['2026-10-25T02:30:00', 'The clocks show this time twice: this is the first.'],
      ['2026-10-25T02:00:00+01:00', 'The clocks show this time twice: this is the second.'],
      ['2026-10-25T02:30:00+01:00', 'The clocks show this time twice: this is the second.'],
      ['2026-10-25T03:00:00'],
    ])
  })

  it('lists what is closed, and counts only what runs', () => {
    const closed = (at: Date) =>
      at.getUTCDate() === 2 ? { reason: 'closed_date', detail: 'holidays:VN: Tết' } : undefined
    const { times } = preview('0 12 * * *', '2026-05-31T12:00:00Z', { closed })
    expect(times.map(({ key, runs, notes }) => [key.slice(0, 10), runs, ...notes])).toEqual([
      ['2026-06-01', true],
      ['2026-06-02', false, 'Does not run: holidays:VN: Tết'],
      ['2026-06-03', true],
      ['2026-06-04', true],
    ])
  })

  it.each([
    ['blackout', 'Blackout 22:00-06:00', 'Không chạy: trong thời gian tạm ngừng 22:00-06:00'],
    ['closed_date', 'holidays:VN: Tết', 'Không chạy: ngày nghỉ (holidays:VN: Tết)'],
  ])('says %s in Vietnamese', (reason, detail, expected) => {
    const options = {
      closed: () => ({ reason, detail }),
      until: new Date('2026-06-02T00:00:00Z'),
      language: 'vi' as const,
    }
    expect(preview('0 12 * * *', '2026-06-01T00:00:00Z', options).times[0]?.notes).toEqual([expected])
  })

  it('ends where it is told to', () => {
    const until = new Date('2026-06-02T10:00:00Z')
    const { times, truncated } = preview('0 12 * * *', '2026-05-31T12:00:00Z', { count: 1_000, until })
    expect(times.map(({ at }) => at)).toEqual([new Date('2026-06-01T10:00:00Z'), until])
    expect(truncated).toBeUndefined()
  })

  it('does not spin where everything is closed', () => {
    const closed = () => ({ reason: 'blackout', detail: 'Blackout 00:00-00:00' })
    const { times, truncated } = preview('* * * * *', '2026-01-01T00:00:00Z', { closed })
    expect(times).toHaveLength(1_000)
    expect(truncated).toBe('Only the first 1000 times were looked at.')
  })

  it('has a thousand times at most', () => {
    expect(preview('* * * * *', '2026-01-01T00:00:00Z', { count: 5_000 }).times).toHaveLength(1_000)
  })

  it('does not look further than a hundred years', () => {
    const { times, truncated } = preview('0 0 29 2 *', '2026-01-01T00:00:00Z', { count: 1_000 })
    expect(times).toHaveLength(24)
    expect(truncated).toBe('Later times are more than a hundred years ahead.')
  })

  it('of what comes once is short', () => {
    const at = new Date('2026-06-01T00:00:00Z')
    const options = { after: new Date('2026-01-01T00:00:00Z'), count: 10, language: 'en' as const }
    expect(previewTimes({ type: 'once', at, timezone }, options).times).toHaveLength(1)
    expect(previewTimes({ type: 'once', at, timezone }, { ...options, after: at })).toEqual({ times: [] })
  })
})
