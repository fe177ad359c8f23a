import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BadDeployments } from '../../../../../src/platform/schedules/deployments/deployment-error.ts'
import { readDeployments } from '../../../../../src/platform/schedules/deployments/read-deployments.ts'

const read = (text: string, name = 'deployments/hotel.yaml') => readDeployments([{ name, text }])
const requests = (text: string) => read(text).map(({ request }) => request)

/** Each line of what is wrong. */
function faults(...texts: string[]): string[] {
  const files = texts.map((text, i) => ({ name: `d/${String.fromCharCode(97 + i)}.yaml`, text }))
  try {
    readDeployments(files)
  } catch (error) {
    expect(error).toBeInstanceOf(BadDeployments)
    return (error as Error).message.split('\n')
  }
  return []
}

const LISTS = 'slug: lists\nflow: assign_cleaning\n'

it('reads the short form with every default', () => {
  expect(requests(`${LISTS}schedule: "0 7 * * *"`)).toEqual([
    {
      ...{ slug: 'lists', name: 'lists', workflow: 'assign_cleaning', active: true },
      schedule: { type: 'cron', cron: '0 7 * * *' },
      ...{
        parameters: {},
        overlap: 'skip',
        concurrency: 1,
        catch_up: 'last',
        catch_up_window_seconds: 86_400,
      },
      ...{
        jitter_seconds: 0,
        blackouts: [],
        closed_dates: [],
        starts_at: null,
        ends_at: null,
        remaining: null,
      },
      ...{ pause_after_failures: null, time_limit_seconds: null, queue: null },
    },
  ])
})

it('reads every field', () => {
  const [request] = requests(`
slug: lists
flow: assign_cleaning
name: The day's lists
parameters: { business_date: "{{business_date}}" }
schedule: { cron: "0 7 * * *", timezone: Europe/Paris }
queue: events
concurrency: 2
active: false
overlap: buffer_one
catch_up: all
catch_up_window_seconds: 60
jitter_seconds: 30
blackouts:
  - { from: "22:00", to: "07:00", days: [sat, sun] }
  - { from: 2026-12-24T00:00:00Z, to: 2026-12-26T00:00:00Z }
closed_dates: [holidays:VN]
starts_at: 2026-01-01T00:00:00
ends_at: 2027-01-01T00:00:00
remaining: 10
pause_after_failures: 3
time_limit_seconds: 600
`)
  expect(request).toMatchObject({
    ...{ name: "The day's lists", parameters: { business_date: '{{business_date}}' }, queue: 'events' },
    schedule: { type: 'cron', cron: '0 7 * * *', timezone: 'Europe/Paris' },
    ...{ concurrency: 2, active: false, overlap: 'buffer_one', catch_up: 'all', catch_up_window_seconds: 60 },
    ...{ jitter_seconds: 30, closed_dates: ['holidays:VN'], starts_at: '2026-01-01T00:00:00' },
    ...{ ends_at: '2027-01-01T00:00:00', remaining: 10, pause_after_failures: 3, time_limit_seconds: 600 },
  })
  expect(request?.blackouts).toEqual([
    { from: '22:00', to: '07:00', days: ['sat', 'sun'] },
    { from: '2026-12-24T00:00:00Z', to: '2026-12-26T00:00:00Z' },
  ])
})

it.each([
  ['{ every: 15m }', { type: 'interval', every_seconds: 900 }],
  [
    '{ every: 90s, anchor: 2026-01-01T00:00:00Z }',
    { type: 'interval', every_seconds: 90, anchor: '2026-01-01T00:00:00Z' },
  ],
  ['{ every: 2h, timezone: UTC }', { type: 'interval', every_seconds: 7_200, timezone: 'UTC' }],
  ['{ every: 1d }', { type: 'interval', every_seconds: 86_400 }],
  ['{ every: 30 }', { type: 'interval', every_seconds: 30 }],
  ['{ type: interval, every_seconds: 30 }', { type: 'interval', every_seconds: 30 }],
  ['{ at: 2027-01-01T08:00:00 }', { type: 'once', at: '2027-01-01T08:00:00' }],
  ['{ type: cron, cron: "@daily" }', { type: 'cron', cron: '@daily' }],
])('schedule: %s', (schedule, expected) => {
  expect(requests(`${LISTS}schedule: ${schedule}`)[0]?.schedule).toEqual(expected)
})

it('takes several documents, a list of them, and files that say nothing', () => {
  const one = (slug: string) => `slug: ${slug}\nflow: f\nschedule: "0 7 * * *"\n`
  const listed = `- ${one('c').trim().replaceAll('\n', '\n  ')}\n- ${one('d').trim().replaceAll('\n', '\n  ')}`
  expect(requests(`${one('a')}---\n${one('b')}---\n${listed}\n`).map(({ slug }) => slug)).toEqual([
    'a',
    'b',
    'c',
    'd',
  ])
  expect(requests('# nothing yet\n')).toEqual([])
  expect(requests('')).toEqual([])
})

it('takes anchors, and refuses what grows without end', () => {
  const shared =
    '- slug: a\n  flow: f\n  schedule: &when { cron: "0 7 * * *" }\n- slug: b\n  flow: f\n  schedule: *when\n'
  expect(requests(shared)[1]?.schedule).toEqual({ type: 'cron', cron: '0 7 * * *' })
  const laughs = [
    'a: &a [x,x,x,x,x,x,x,x,x,x]',
    ...'bcdefgh'.split('').map((name, i) => {
      const before = `*${'abcdefg'[i]}`
      return `${name}: &${name} [${Array(10).fill(before).join(',')}]`
    }),
  ].join('\n')
  expect(faults(laughs)).toEqual([expect.stringMatching(/^d\/a\.yaml:1 .*alias/i)])
})

describe('what is wrong is told with its file, its line and its field', () => {
  it.each([
    ['slug: lists\nflow: f', /^d\/a\.yaml:1 schedule is missing$/],
    ['flow: f\nschedule: "0 7 * * *"', /^d\/a\.yaml:1 slug is missing$/],
    ['slug: Lists\nflow: f\nschedule: "0 7 * * *"', /^d\/a\.yaml:1 slug must be 1 to 100 of a-z/],
    ['slug: lists\nschedule: "0 7 * * *"', /^d\/a\.yaml:1 flow is missing$/],
    ['slug: lists\nflow: [f]\nschedule: "0 7 * * *"', /^d\/a\.yaml:2 flow Invalid input: expected string/],
    [
      `${LISTS}schedule:\n  cron: "0 7 * * *"\n  timezone: Hanoi`,
      /^d\/a\.yaml:5 schedule\.timezone must be an IANA/,
    ],
    [
      `${LISTS}schedule:\n  crn: "0 7 * * *"`,
      /^d\/a\.yaml:4 schedule\.crn is no field here: did you mean cron\?$/,
    ],
    [`${LISTS}schedule: {}`, /^d\/a\.yaml:3 schedule must say one of cron, every and at$/],
    [
      `${LISTS}schedule: { cron: "0 7 * * *", every: 5m }`,
      /^d\/a\.yaml:3 schedule says cron and every: keep one$/,
    ],
    [`${LISTS}schedule:\n  every: soon`, /^d\/a\.yaml:4 schedule\.every must be seconds, or a time like/],
    [`${LISTS}schedule:\n  every: 5s`, /^d\/a\.yaml:4 schedule\.every Too small/],
    [`${LISTS}schedule:\n  at: tomorrow`, /^d\/a\.yaml:4 schedule\.at must be an ISO 8601/],
    [
      `${LISTS}schedule:\n  cron: "0 7 * * *"\n  anchor: x`,
      /^d\/a\.yaml:5 schedule\.anchor does not go with cron$/,
    ],
    [
      `${LISTS}schedule:\n  type: once\n  cron: "0 7 * * *"`,
      /^d\/a\.yaml:4 schedule\.type must be cron, or left out$/,
    ],
    [`${LISTS}schedule: 7`, /^d\/a\.yaml:3 schedule /],
    [
      `${LISTS}schedule: "0 7 * * *"\ncatchup: last`,
      /^d\/a\.yaml:4 catchup is no field here: did you mean catch_up\?$/,
    ],
    [
      `${LISTS}schedule: "0 7 * * *"\nworkflow: f`,
      /^d\/a\.yaml:4 workflow is no field here: did you mean flow\?$/,
    ],
    [`${LISTS}schedule: "0 7 * * *"\nxqzt: 1`, /^d\/a\.yaml:4 xqzt is no field here: there are flow, name, /],
    [
      `${LISTS}schedule: "0 7 * * *"\nconstructor: 1`,
      /^d\/a\.yaml:4 constructor is no field here: there are flow, name, /,
    ],
    [`${LISTS}schedule: "0 7 * * *"\nactive: yes`, /^d\/a\.yaml:4 active Invalid input: expected boolean/],
    [
      `${LISTS}schedule: "0 7 * * *"\noverlap: never`,
      /^d\/a\.yaml:4 overlap Invalid option: expected one of "skip"/,
    ],
    [`${LISTS}schedule: "0 7 * * *"\nqueue: fast`, /^d\/a\.yaml:4 queue /],
    [`${LISTS}schedule: "0 7 * * *"\nconcurrency: 0`, /^d\/a\.yaml:4 concurrency Too small/],
    [`${LISTS}schedule: "0 7 * * *"\nparameters: 3`, /^d\/a\.yaml:4 parameters /],
    [
      `${LISTS}schedule: "0 7 * * *"\nblackouts:\n  - from: "25:00"\n    to: "07:00"`,
      /^d\/a\.yaml:5 blackouts\.0\.from must be/,
    ],
    [
      `${LISTS}schedule: "0 7 * * *"\nblackouts:\n  - { from: "22:00", until: "07:00" }`,
      /^d\/a\.yaml:5 blackouts\.0\.until is no field/,
    ],
    [`${LISTS}schedule: "0 7 * * *"\nslug: again`, /^d\/a\.yaml:4 is not YAML: Map keys must be unique/],
    [`${LISTS}schedule: "0 7 * * *`, /^d\/a\.yaml:\d is not YAML: Missing closing "quote/],
    [`${LISTS}schedule: !cron 7`, /^d\/a\.yaml:3 is not YAML: Unresolved tag: !cron$/],
    ['just words', /^d\/a\.yaml:1 must be a schedule: slug, flow, schedule/],
    ['- slug: a\n  flow: f\n  schedule: "0 7 * * *"\n-', /^d\/a\.yaml:\d must be a schedule/],
  ])('%j', (text, line) => {
    expect(faults(text)).toEqual([expect.stringMatching(line)])
  })

  it('all of it at once', () => {
    const lines = faults(`${LISTS}schedule: "0 7 * * *"\nqueue: fast\nconcurrency: no\n`, 'slug: x')
    expect(lines.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      ...['d/a.yaml:4 queue', 'd/a.yaml:5 concurrency', 'd/b.yaml:1 flow', 'd/b.yaml:1 schedule'],
    ])
  })

  it('a slug that two files declare, with both', () => {
    const text = `# first\n${LISTS}schedule: "0 7 * * *"\n`
    expect(faults(text, `${LISTS}schedule: "0 8 * * *"`)).toEqual([
      'd/b.yaml:1 slug lists is declared in d/a.yaml:2 as well',
    ])
  })
})

it('finds the place of a field by the name that the request has for it', () => {
  const [interval] = read(`${LISTS}schedule:\n  every: 5m\n`)
  expect(interval?.fault(['schedule', 'every_seconds'], 'x')).toMatchObject({
    line: 4,
    field: 'schedule.every',
  })
  expect(interval?.fault(['workflow'], 'x')).toMatchObject({ line: 2, field: 'flow' })
  const [short] = read(`${LISTS}schedule: "0 7 * * *"\nparameters:\n  a: 1\n`)
  expect(short?.fault(['schedule', 'cron'], 'x')).toMatchObject({ line: 3, field: 'schedule' })
  expect(short?.fault(['parameters', 'a'], 'x')).toMatchObject({ line: 5, field: 'parameters.a' })
  expect(short?.fault(['parameters', 'b'], 'x')).toMatchObject({ line: 4, field: 'parameters.b' })
})

it('reads what comes with the service', () => {
  const files = readdirSync('deployments').map((name) => ({
    name: `deployments/${name}`,
    text: readFileSync(`deployments/${name}`, 'utf8'),
  }))
  expect(readDeployments(files).map(({ request }) => request)).toContainEqual(
    expect.objectContaining({
      slug: 'assign_cleaning',
      schedule: { type: 'cron', cron: '0 7 * * *' },
      catch_up: 'last',
    }),
  )
})

it('reads the examples of the documents', () => {
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(readFileSync('docs/deployments.md', 'utf8')) ?? []
  expect(requests(example)).toMatchObject([
    { slug: 'assign_cleaning', catch_up: 'last' },
    { slug: 'minibar_count', overlap: 'buffer_one', queue: 'events', active: false },
  ])
})
