import { describe, expect, it } from 'vitest'
import {
  checkPlaceholders,
  fillParameters,
} from '../../../../../src/platform/schedules/timing/placeholders.ts'

const time = {
  nominal: new Date('2026-03-01T18:00:00Z'),
  previous_nominal: new Date('2026-02-28T18:00:00Z'),
  business_date: '2026-03-01',
  timezone: 'Asia/Ho_Chi_Minh',
}
const fill = (parameters: unknown) => fillParameters(parameters, time)

describe('placeholders', () => {
  it.each([
    ['{{business_date}}', '2026-03-01'],
    ['{{ business_date - 1 }}', '2026-02-28'],
    ['{{business_date-365}}', '2025-03-01'],
    ['{{local_date}}', '2026-03-02'],
    ['{{local_date + 30}}', '2026-04-01'],
    ['{{nominal}}', '2026-03-02T01:00:00+07:00'],
    ['{{previous_nominal}}', '2026-03-01T01:00:00+07:00'],
    ['report-{{business_date}}-to-{{local_date}}.pdf', 'report-2026-03-01-to-2026-03-02.pdf'],
    ['{ {nominal} }', '{ {nominal} }'],
    ['none', 'none'],
  ])('%s is %s', (text, expected) => {
    expect(fill(text)).toBe(expected)
  })

  it('are found at any depth of a JSON value, and nothing else is touched', () => {
    expect(
      fill({
        dates: ['{{business_date}}', { of: 'to {{local_date}}' }],
        '{{nominal}}': 1,
        none: null,
        yes: true,
      }),
    ).toEqual({ dates: ['2026-03-01', { of: 'to 2026-03-02' }], '{{nominal}}': 1, none: null, yes: true })
    const odd = JSON.parse('{"__proto__": "{{business_date}}"}')
    expect(JSON.stringify(fill(odd))).toBe('{"__proto__":"2026-03-01"}')
  })

  it('of a time that is not there are null, or nothing within a text', () => {
    const first = { ...time, previous_nominal: undefined }
    expect(
      fillParameters({ since: '{{previous_nominal}}', text: 'since {{previous_nominal}}.' }, first),
    ).toEqual({
      since: null,
      text: 'since .',
    })
  })

  it.each([
    '{{date}}',
    '{{nominal - 1}}',
    '{{business_date - one}}',
    '{{business_date * 2}}',
    '{{}}',
    '{{business_date - 99999}}',
  ])('%s is not known', (text) => {
    expect(checkPlaceholders({ deep: [`so ${text}`] })).toBe(
      `must not contain ${text}: there are {{business_date}} and {{local_date}}, also with days added ` +
        '({{business_date - 1}}), {{nominal}} and {{previous_nominal}}',
    )
    expect(() => fill(text)).toThrow()
  })

  it('that are known are fine', () => {
    expect(
      checkPlaceholders({ a: ['{{business_date + 1}}', 'x{{nominal}}{{ previous_nominal }}'], b: 3 }),
    ).toBeUndefined()
  })
})
