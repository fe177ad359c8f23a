import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HttpRig, openHttpRig } from './http-rig.ts'

let rig: HttpRig
beforeAll(async () => {
  rig = await openHttpRig()
})
afterAll(() => rig.close())

let names = 0
const hourly = { type: 'cron', cron: '0 * * * *', timezone: 'Asia/Ho_Chi_Minh' }
async function made(more: object = {}): Promise<string> {
  const request = { name: `Report ${++names}`, workflow: 'daily_report_generation', schedule: hourly }
  const parameters = { date: '{{business_date}}' }
  const { status, body } = await rig.call('POST', 'schedule/create', {
    body: { ...request, parameters, ...more },
  })
  expect([status, body]).toEqual([201, expect.anything()])
  return body.slug
}
const post = (path: string, body?: object, headers = {}) => rig.call('POST', path, { body, headers })
const firings = async (slug: string, query = '') =>
  (await rig.call('GET', `schedule/${slug}/firings${query}`)).body.firings
/** Paused, as though three hours ago. */
const pausedFor3Hours = async (slug: string) => {
  await post(`schedule/${slug}/pause`)
  await rig.database.query(
    `update prefect.schedules set decided_until = date_trunc('hour', clock_timestamp()) - interval '150 min' where slug = $1`,
    [slug],
  )
}

describe('pause and resume', () => {
  it('say who, why and when; a pause that is repeated keeps its time', async () => {
    const slug = await made()
    const first = await post(`schedule/${slug}/pause`, { note: 'The PMS is being replaced', by: 'Mai' })
    expect(first.status).toBe(200)
    expect(first.body).toMatchObject({ active: false, next_run: null })
    expect(first.body.paused).toMatchObject({
      by: 'Mai (key-admin)',
      note: 'The PMS is being replaced',
      reason: 'person',
    })
    const again = await post(`schedule/${slug}/pause`)
    expect(again.body.paused).toEqual({ ...first.body.paused, by: 'key-admin', note: null })
    const resumed = await post(`schedule/${slug}/resume`)
    expect(resumed.body).toMatchObject({ active: true, paused: null, next_run: expect.any(String) })
    expect((await post(`schedule/${slug}/resume`)).status).toBe(200)
  })

  it('resume asks what becomes of the times in between', async () => {
    const slug = await made()
    await pausedFor3Hours(slug)
    const asked = await post(`schedule/${slug}/resume`)
    expect([asked.status, asked.body.code]).toEqual([409, 'missed_firings'])
    expect(asked.body.detail).toMatch(/^3 of its times passed .*"skip", "last" or "all"/)
    expect((await post(`schedule/${slug}/resume`, { missed: 'some' })).body.errors[0].path).toBe(
      'body.missed',
    )
    expect((await post(`schedule/${slug}/resume`, { missed: 'all' })).body.active).toBe(true)
  })

  it('of a schedule that is not there', async () => {
    for (const action of ['pause', 'resume', 'run'])
      expect((await post(`schedule/nothing/${action}`)).body.code).toBe('schedule_not_found')
  })
})

describe('run now', () => {
  it('starts a run with the parameters of this moment; the same key finds it again', async () => {
    const slug = await made()
    const run = await post(`schedule/${slug}/run`, { by: 'Mai' }, { 'idempotency-key': 'k1' })
    expect(run.status).toBe(202)
    const again = await post(`schedule/${slug}/run`, undefined, { 'idempotency-key': 'k1' })
    expect(again.body).toEqual(run.body)
    expect([run, again].map(({ headers }) => headers['idempotent-replayed'])).toEqual([undefined, 'true'])
    const other = await post(`schedule/${slug}/run`, undefined, { 'idempotency-key': '' })
    expect(other.body.flow_run_id).not.toBe(run.body.flow_run_id)
    expect((await post(`schedule/${slug}/run`)).body.flow_run_id).not.toBe(other.body.flow_run_id)
    const status = await rig.call('GET', `workflows/status/${run.body.flow_run_id}`)
    expect(status.body).toMatchObject({
      created_by: `schedule:${slug}`,
      parameters: { date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) },
    })
    const [, , oldest] = await firings(slug)
    expect(oldest).toMatchObject({
      kind: 'manual',
      outcome: 'started',
      flow_run_id: run.body.flow_run_id,
      run_status: 'pending',
      detail: 'Asked for by Mai (key-admin).',
    })
  })

  it('is the last run of the schedule', async () => {
    const slug = await made()
    const { body } = await post(`schedule/${slug}/run`)
    expect((await rig.call('GET', `schedule/${slug}`)).body.last_run).toEqual({
      flow_run_id: body.flow_run_id,
      status: 'pending',
      completed_at: null,
    })
  })
})

describe('firings', () => {
  it('by kind, by outcome, between times, a page at a time', async () => {
    const slug = await made()
    for (const key of ['a', 'b', 'c'])
      await post(`schedule/${slug}/run`, undefined, { 'idempotency-key': key })
    const page = await rig.call('GET', `schedule/${slug}/firings?limit=2&kind=manual&outcome=started`)
    expect(page.body).toMatchObject({ total: 3, limit: 2, offset: 0 })
    const next = await rig.call(
      'GET',
      `schedule/${slug}/firings?limit=2&kind=manual&outcome=started&cursor=${page.body.next_cursor}`,
    )
    expect(next.body.firings).toHaveLength(1)
    expect(await firings(slug, '?kind=schedule,backfill')).toEqual([])
    expect(await firings(slug, '?nominal_before=2001-01-01T00:00:00')).toEqual([])
    expect(await firings(slug, '?nominal_after=2001-01-01T00:00:00')).toHaveLength(3)
    const all = (await rig.call('GET', `schedule/${slug}/firings`)).body.firings
    const at = encodeURIComponent(all[0].nominal_at)
    expect(await firings(slug, `?nominal_after=${at}`)).not.toEqual([])
    expect(await firings(slug, `?nominal_before=${at}`)).toHaveLength(
      all.filter(({ nominal_at }: { nominal_at: string }) => nominal_at < all[0].nominal_at).length,
    )
    const wrong = await rig.call('GET', `schedule/${slug}/firings?outcome=gone`)
    expect([wrong.status, wrong.body.errors[0].path]).toEqual([422, 'query.outcome'])
    expect((await rig.call('GET', 'schedule/nothing/firings')).status).toBe(404)
  })
})

describe('preview', () => {
  const preview = (body: object) => post('schedule/preview', body)

  it('says what the clocks do to each time', async () => {
    const schedule = { type: 'cron', cron: '30 2 * * *', timezone: 'Europe/Paris' }
    const { status, body } = await preview({
      schedule,
      after: '2026-03-27T12:00:00',
      count: 3,
      language: 'en',
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ timezone: 'Europe/Paris', truncated: null })
    expect(body.in_words).toMatch(/02:30.*\(Europe\/Paris\)/)
    expect(
      body.times.map(({ nominal, nominal_at }: { nominal: string; nominal_at: string }) => [
        nominal,
        nominal_at,
      ]),
    ).toEqual([
      ['2026-03-28T02:30:00', '2026-03-28T02:30:00+01:00'],
      ['2026-03-29T02:30:00', '2026-03-29T03:00:00+02:00'],
      ['2026-03-30T02:30:00', '2026-03-30T02:30:00+02:00'],
    ])
    expect(body.times.map(({ notes }: { notes: string[] }) => notes.length)).toEqual([0, 1, 0])
    const vi = await preview({ schedule, after: '2026-03-27T12:00:00', count: 3, language: 'vi' })
    expect(vi.body.times[1].notes[0]).toMatch(/đồng hồ/)
  })

  it('lists what is closed beside what runs, and when jitter makes it due', async () => {
    await rig.call('PUT', 'calendars/party', { body: { dates: [{ date: '2026-05-02', reason: 'Party' }] } })
    const slug = await made({
      schedule: { type: 'cron', cron: '0 6 * * *', timezone: 'Asia/Ho_Chi_Minh' },
      closed_dates: ['holidays:VN', 'party'],
      blackouts: [{ from: '05:00', to: '07:00', days: ['sun'] }],
      jitter_seconds: 600,
      remaining: 1,
    })
    const path = `schedule/${slug}/preview?after=2026-04-30T00:00:00&count=9&language=en`
    const { body } = await rig.call('GET', path)
    const seen = body.times.map(
      ({ nominal, runs, notes }: { nominal: string; runs: boolean; notes: string[] }) =>
        [nominal.slice(5, 10), runs, ...notes].join(' '),
    )
    expect(seen).toEqual([
      expect.stringMatching(/^04-30 false Does not run: holidays:VN: /),
      expect.stringMatching(/^05-01 false Does not run: holidays:VN: /),
      '05-02 false Does not run: party: Party',
      '05-03 false Does not run: Blackout 05:00-07:00',
      '05-04 true',
    ])
    const { nominal_at, due_at } = body.times.at(-1)
    const late = Date.parse(due_at) - Date.parse(nominal_at)
    expect(late).toBeGreaterThanOrEqual(0)
    expect(late).toBeLessThan(600_000)
    expect((await rig.call('GET', path)).body.times.at(-1).due_at).toBe(due_at)
  })

  it('names what is wrong', async () => {
    const wrong = await preview({ schedule: { type: 'cron', cron: 'at noon' }, closed_dates: ['nothing'] })
    expect(wrong.status).toBe(422)
    expect(wrong.body.errors.map(({ path }: { path: string }) => path)).toEqual([
      'body.schedule.cron',
      'body.closed_dates.0',
    ])
    expect((await rig.call('GET', 'schedule/nothing/preview')).status).toBe(404)
    const slug = await made()
    const after = await rig.call('GET', `schedule/${slug}/preview?after=soon`)
    expect(after.body.errors[0].path).toBe('query.after')
  })
})

describe('calendars', () => {
  const party = { dates: [{ date: '2027-01-02' }, { date: '2026-12-31', reason: 'Party' }] }

  it('are written whole, read in order, by year, and listed with what uses them', async () => {
    const written = await rig.call('PUT', 'calendars/new-year', { body: party })
    expect([written.status, written.body]).toEqual([
      200,
      {
        name: 'new-year',
        dates: [
          { date: '2026-12-31', reason: 'Party' },
          { date: '2027-01-02', reason: null },
        ],
      },
    ])
    expect((await rig.call('GET', 'calendars/new-year?year=2027')).body.dates).toHaveLength(1)
    const slug = await made({ closed_dates: ['new-year'] })
    const { body } = await rig.call('GET', 'calendars')
    expect(body.calendars).toContainEqual({ name: 'new-year', date_count: 2, used_by: [slug] })
  })

  it('are not deleted under a schedule that names them', async () => {
    await rig.call('PUT', 'calendars/kept', { body: party })
    const slug = await made({ closed_dates: ['kept'] })
    const refused = await rig.call('DELETE', 'calendars/kept')
    expect([refused.status, refused.body.code]).toEqual([409, 'calendar_in_use'])
    expect(refused.body.detail).toContain(slug)
    await rig.call('DELETE', `schedule/${slug}`)
    expect((await rig.call('DELETE', 'calendars/kept')).body).toEqual({ name: 'kept', status: 'deleted' })
    expect((await rig.call('GET', 'calendars/kept')).body.code).toBe('calendar_not_found')
    expect((await rig.call('DELETE', 'calendars/kept')).status).toBe(404)
  })

  it('of two who write one at once, one stays', async () => {
    const dates = (month: string) =>
      Array.from({ length: 28 }, (_, day) => ({ date: `2026-${month}-${String(day + 1).padStart(2, '0')}` }))
    const months = ['01', '02', '03', '04', '05', '06']
    const put = (month: string) => rig.call('PUT', 'calendars/raced', { body: { dates: dates(month) } })
    const answers = await Promise.all(months.map(put))
    expect(answers.map(({ status }) => status)).toEqual(months.map(() => 200))
    const { body } = await rig.call('GET', 'calendars/raced')
    const seen = new Set(body.dates.map(({ date }: { date: string }) => date.slice(5, 7)))
    expect([body.dates.length, seen.size]).toEqual([28, 1])
  })

  it('of public holidays are a country’s, and read only', async () => {
    const { body } = await rig.call('GET', 'calendars/holidays:VN?year=2026')
    expect(body.name).toBe('holidays:VN')
    expect(body.dates).toContainEqual({ date: '2026-09-02', reason: expect.stringMatching(/\w/) })
    expect(body.dates.every(({ date }: { date: string }) => date.startsWith('2026-'))).toBe(true)
    const unknown = await rig.call('GET', 'calendars/holidays:XX')
    expect([unknown.status, unknown.body.errors[0].path]).toEqual([422, 'path.name'])
    const written = await rig.call('PUT', 'calendars/holidays:VN', { body: party })
    expect([written.status, written.body.errors[0].path]).toEqual([422, 'path.name'])
  })

  it('name what is wrong', async () => {
    const put = (dates: object[]) => rig.call('PUT', 'calendars/wrong', { body: { dates } })
    for (const date of ['2026-02-30', '0001-01-01', 'tomorrow'])
      expect((await put([{ date }])).body.errors).toMatchObject([{ path: 'body.dates.0.date' }])
    expect((await put([])).status).toBe(422)
  })
})
