import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScheduleAnswer } from '../../../../src/platform/contract/schedule.ts'
import { type HttpRig, openHttpRig } from './http-rig.ts'

let rig: HttpRig
beforeAll(async () => {
  rig = await openHttpRig()
})
afterAll(() => rig.close())

const parameters = { date: '{{business_date}}', recipients: ['manager@hotel.com'] }
let names = 0
const request = (more: object = {}) => ({
  name: `Report ${++names}`,
  workflow: 'daily_report_generation',
  schedule: { type: 'cron', cron: '0 2 * * *', timezone: 'Asia/Ho_Chi_Minh' },
  parameters,
  ...more,
})
const create = (body: object) => rig.call('POST', 'schedule/create', { body })
const made = async (more: object = {}) => (await create(request(more))).body
const paths = (body: { errors: { path: string }[] }) => body.errors.map(({ path }) => path).sort()

describe('create', () => {
  it('answers with the schedule, whole', async () => {
    const answer = await create(request({ name: 'Nightly Báo cáo' }))
    expect(answer.status).toBe(201)
    expect(ScheduleAnswer.parse(answer.body)).toMatchObject({
      slug: 'nightly-bao-cao',
      schedule: '0 2 * * * (Asia/Ho_Chi_Minh)',
      next_run: expect.stringMatching(/T02:00:00\+07:00$/),
      active: true,
      origin: 'hand',
      version: 1,
      paused: null,
    })
    expect(answer.body.last_run).toBeUndefined()
    expect((await rig.call('GET', 'schedule/nightly-bao-cao')).body).toMatchObject({
      created_by: 'key-admin',
      timezone: 'Asia/Ho_Chi_Minh',
      in_words: { en: expect.stringMatching(/02:00/), vi: expect.stringMatching(/02:00/) },
      definition: { overlap: 'skip', catch_up: 'last', parameters },
    })
  })

  it('says once more what is there already, and refuses the slug to another', async () => {
    const first = request({ slug: 'twice' })
    expect((await create(first)).status).toBe(201)
    const again = await create(first)
    expect([again.status, again.body.version]).toEqual([200, 1])
    const other = await create({ ...first, schedule: { type: 'interval', every_seconds: 60 } })
    expect(other.status).toBe(409)
    expect(other.body).toMatchObject({
      code: 'schedule_exists',
      detail: expect.stringContaining('PATCH /api/v1/prefect/schedule/twice'),
    })
  })

  it('is one under a race', async () => {
    const body = request({ slug: 'raced' })
    const answers = await Promise.all(Array.from({ length: 6 }, () => create(body)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201])
    expect(new Set(answers.map(({ body: { schedule_id } }) => schedule_id)).size).toBe(1)
  })

  it('names every wrong field', async () => {
    const wrong = await create({
      name: '',
      workflow: 'daily_report_generation',
      schedule: { type: 'cron', cron: '0 2 * * *', timezone: 'Mars/Olympus' },
      overlap: 'twice',
    })
    expect(wrong.status).toBe(422)
    expect(paths(wrong.body)).toEqual(['body.name', 'body.overlap', 'body.schedule.timezone'])
    const declared = await create(
      request({
        schedule: { type: 'cron', cron: '61 2 * * *' },
        parameters: { date: 'soon' },
        closed_dates: ['holidays:XX', 'nothing'],
        starts_at: '2999-01-02T00:00:00Z',
        ends_at: '2999-01-01T00:00:00Z',
      }),
    )
    expect(declared.status).toBe(422)
    expect(paths(declared.body)).toEqual([
      'body.closed_dates.0',
      'body.closed_dates.1',
      'body.ends_at',
      'body.parameters.date',
      'body.schedule.cron',
    ])
    const past = await create(request({ schedule: { type: 'once', at: '2001-01-01T00:00:00Z' } }))
    expect(past.body.errors).toEqual([{ path: 'body.schedule.at', message: 'is in the past' }])
  })

  it('names the nearest workflows for an unknown one', async () => {
    const answer = await create(request({ workflow: 'daily_report_generaton' }))
    expect(answer.status).toBe(404)
    expect(answer.body.detail).toContain('Did you mean "daily_report_generation"?')
  })

  it('asks for the scope schedules:write', async () => {
    const refused = await rig.call('POST', 'schedule/create', { body: request(), key: 'workflows:write' })
    expect([refused.status, refused.body.code]).toEqual([403, 'scope_missing'])
    const allowed = await rig.call('POST', 'schedule/create', { body: request(), key: 'schedules:write' })
    expect(allowed.status).toBe(201)
    const { body } = await rig.call('GET', `schedule/${allowed.body.slug}`)
    expect(body.created_by).toBe('key-schedules:write')
  })
})

describe('list and get', () => {
  it('by workflow, by whether they fire, a page at a time; one by its id or slug', async () => {
    const { schedule_id } = await made({ slug: 'zz-last', active: false })
    const { body } = await rig.call('GET', 'schedule/list?active=false&origin=hand')
    expect(body).toMatchObject({ total: 1, schedules: [{ slug: 'zz-last', next_run: null, active: false }] })
    expect(body.schedules[0].paused).toMatchObject({ by: 'key-admin', reason: 'person' })
    const page = await rig.call('GET', 'schedule/list?limit=1&offset=1&workflow=daily_report_generation')
    expect(page.body).toMatchObject({ schedules: [expect.anything()], limit: 1, offset: 1 })
    expect(page.body.total).toBeGreaterThan(2)
    for (const id of [schedule_id, 'zz-last'])
      expect((await rig.call('GET', `schedule/${id}`)).body).toMatchObject({ schedule_id, slug: 'zz-last' })
    const unknown = await rig.call('GET', 'schedule/sched_nothing')
    expect([unknown.status, unknown.body.code]).toEqual([404, 'schedule_not_found'])
  })

  it('the catalogue shows them beside their workflow', async () => {
    const { schedule_id, next_run } = await made({ slug: 'a-first' })
    const { body } = await rig.call('GET', 'workflows')
    const entry = body.workflows.find(({ name }: { name: string }) => name === 'daily_report_generation')
    expect(entry.schedules[0]).toEqual({
      schedule_id,
      slug: 'a-first',
      cron: '0 2 * * *',
      next_run,
      active: true,
    })
  })
})

describe('update', () => {
  const patch = (id: string, body: object) => rig.call('PATCH', `schedule/${id}`, { body })

  it('changes what is given, and says which times do not come any more', async () => {
    const { slug } = await made({ overlap: 'allow' })
    const { definition } = (await rig.call('GET', `schedule/${slug}`)).body
    const { status, body } = await patch(slug, {
      version: 1,
      schedule: { type: 'cron', cron: '30 5 * * *' },
      by: 'Mai',
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      slug,
      version: 2,
      schedule: '30 5 * * * (Asia/Ho_Chi_Minh)',
      updated_by: 'Mai (key-admin)',
      removed: [expect.stringMatching(/T02:00:00$/)],
    })
    expect(body.definition).toEqual({ ...definition, schedule: body.definition.schedule })
  })

  it('of a version that is not in force any more is refused, and changes nothing', async () => {
    const { slug } = await made()
    expect((await patch(slug, { version: 1, jitter_seconds: 5 })).status).toBe(200)
    const late = await patch(slug, { version: 1, jitter_seconds: 9 })
    expect(late.status).toBe(409)
    expect(late.body).toMatchObject({ code: 'stale_version', detail: expect.stringContaining('version 2') })
    expect((await rig.call('GET', `schedule/${slug}`)).body.definition.jitter_seconds).toBe(5)
  })

  it('is checked like a new one', async () => {
    const { slug } = await made()
    const wrong = await patch(slug, { version: 1, schedule: { type: 'cron', cron: '0 0 30 2 *' } })
    expect([wrong.status, paths(wrong.body)]).toEqual([422, ['body.schedule.cron']])
    expect((await patch(slug, { version: 1, workflow: 'nothing' })).status).toBe(404)
    expect((await patch('nothing', { version: 1 })).status).toBe(404)
    expect(paths((await patch(slug, {})).body)).toEqual(['body.version'])
  })
})

describe('delete', () => {
  it('ends it, keeps its firings, and gives the slug free', async () => {
    const { schedule_id, slug } = await made({ slug: 'gone' })
    const run = await rig.call('POST', `schedule/${slug}/run`)
    const deleted = await rig.call('DELETE', `schedule/${slug}?by=Mai`)
    expect([deleted.status, deleted.body]).toEqual([
      200,
      { schedule_id, status: 'deleted', message: 'Schedule deleted successfully' },
    ])
    expect((await rig.call('GET', `schedule/${slug}`)).status).toBe(404)
    expect((await rig.call('DELETE', `schedule/${slug}`)).status).toBe(404)
    const { body } = await rig.call('GET', `schedule/${schedule_id}/firings`)
    expect(body.firings).toMatchObject([{ kind: 'manual', flow_run_id: run.body.flow_run_id }])
    expect((await create(request({ slug }))).status).toBe(201)
  })
})
