import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Problem } from '../../../../src/platform/contract/problem.ts'
import { createDurableEngine } from '../../../../src/platform/engine/durable/durable-engine.ts'
import { buildServer } from '../../../../src/platform/http/server.ts'
import { openPool } from '../../../../src/platform/postgres/pool.ts'
import { type Answer, call, type HttpRig, httpDeps, KEYS, openHttpRig } from './http-rig.ts'

let rig: HttpRig
beforeAll(async () => {
  rig = await openHttpRig({ settings: { bodyLimitBytes: 10_000 } })
})
afterAll(() => rig.close())

function expectProblem(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.body?.code]).toEqual([status, code])
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
  expect(Problem.parse(answer.body)).toMatchObject({ status, type: 'about:blank' })
  expect(answer.text).not.toMatch(/node_modules|at .*\.ts|at .*\.js/)
}

const trigger = 'workflows/trigger'
const post = (raw: string | Buffer, headers: Record<string, string> = {}) =>
  rig.call('POST', trigger, { raw, headers })

describe('bodies', () => {
  it('malformed JSON: 400', async () => {
    expectProblem(await post('{"workflow_name":'), 400, 'malformed_json')
    expectProblem(await post(Buffer.from([0x22, 0xff, 0x22])), 400, 'malformed_json')
  })

  it('no body, or one that is no object: 422 naming it', async () => {
    for (const answer of [
      await rig.call('POST', trigger),
      await post(''),
      await post('[]'),
      await post('null'),
    ]) {
      expectProblem(answer, 422, 'invalid_request')
      expect(answer.body.errors[0].path).toBe('body')
    }
  })

  it('another media type: 415', async () => {
    expectProblem(
      await post('a=b', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'unsupported_media_type',
    )
    expectProblem(await post('{}', { 'content-type': 'text/plain' }), 415, 'unsupported_media_type')
  })

  it('too large: 413', async () => {
    expectProblem(await post(JSON.stringify({ a: 'x'.repeat(10_000) })), 413, 'body_too_large')
  })

  it('text that cannot be stored: 422 naming each place', async () => {
    const parameters = { date: '2025-01-17', 'a\u0000b': 1, list: ['fine', '\ud800'] }
    const answer = await post(JSON.stringify({ workflow_name: 'daily_report_generation\u0000', parameters }))
    expectProblem(answer, 422, 'unstorable_value')
    expect(answer.body.errors.map((error: { path: string }) => error.path).sort()).toEqual([
      'body.parameters.a\uFFFDb',
      'body.parameters.list.1',
      'body.workflow_name',
    ])
    const path = await rig.call('GET', 'workflows/status/fr_%00')
    expect(path.body.errors).toEqual([expect.objectContaining({ path: 'path.id' })])
    const query = await rig.call('GET', 'events?kind=%00&subject=x%00y')
    expect(query.body.errors.map((error: { path: string }) => error.path).sort()).toEqual([
      'query.kind',
      'query.subject',
    ])
  })

  it('absurd nesting: 422; absurd numbers: no error of ours', async () => {
    const deep = `{"workflow_name": "x", "parameters": {"a": ${'['.repeat(4_000)}${']'.repeat(4_000)}}}`
    expectProblem(await post(deep), 422, 'unstorable_value')
    const long = `{"workflow_name": "daily_report_generation", "priority": ${'9'.repeat(5_000)}}`
    expectProblem(await post(long), 422, 'invalid_request')
    const tiny = `{"workflow_name": "daily_report_generation", "parameters": {"date": 1e-${'9'.repeat(400)}}}`
    expectProblem(await post(tiny), 422, 'invalid_request')
  })
})

describe('addresses', () => {
  it('nothing there: 404', async () => {
    expectProblem(await rig.call('GET', 'nothing'), 404, 'no_such_address')
    expectProblem(await rig.call('DELETE', 'nothing'), 404, 'no_such_address')
  })

  it('another method: 405 that says which there are, whatever the body', async () => {
    const expectAllow = async (method: string, path: string, allow: string, options = {}) => {
      const answer = await rig.call(method, path, options)
      expectProblem(answer, 405, 'method_not_allowed')
      expect([method, path, answer.headers.allow]).toEqual([method, path, allow])
    }
    await expectAllow('DELETE', 'workflows/list', 'GET, HEAD, OPTIONS')
    await expectAllow('DELETE', 'workflows/list/', 'GET, HEAD, OPTIONS')
    await expectAllow('GET', 'workflows/trigger?a=b', 'POST, OPTIONS')
    await expectAllow('PUT', 'events/evt_x', 'GET, HEAD, OPTIONS')
    await expectAllow('PATCH', 'workflows/cancel/fr_x', 'POST, OPTIONS')
    await expectAllow('PUT', 'events/attendance', 'POST, OPTIONS', {
      raw: '<x/>',
      headers: { 'content-type': 'text/xml' },
    })
    await expectAllow('POST', '/livez', 'GET, HEAD, OPTIONS', { raw: 'x'.repeat(20_000) })
    await expectAllow('POST', '/docs/static/index.css', 'GET, HEAD, OPTIONS')
    const head = await rig.call('HEAD', 'workflows/trigger')
    expect([head.status, head.headers.allow]).toEqual([405, 'POST, OPTIONS'])
  })

  it('OPTIONS says which methods there are; HEAD is GET without its body', async () => {
    const options = await rig.call('OPTIONS', 'workflows/status/fr_x')
    expect([options.status, options.text, options.headers.allow]).toEqual([204, '', 'GET, HEAD, OPTIONS'])
    expectProblem(await rig.call('OPTIONS', 'nothing'), 404, 'no_such_address')
    const head = await rig.call('HEAD', 'workflows/list')
    expect([head.status, head.text]).toEqual([200, ''])
  })

  it('bad percent-encoding: 400; a very long id is simply not found', async () => {
    expectProblem(await rig.call('GET', 'workflows/status/%zz'), 400, 'bad_url')
    expectProblem(await rig.call('GET', 'workflows/status/%ed%a0%80'), 400, 'bad_url')
    expectProblem(await rig.call('GET', `workflows/status/${'x'.repeat(9_000)}`), 404, 'run_not_found')
  })

  it('a slash at the end is the same address', async () => {
    expect((await rig.call('GET', 'workflows/list/')).status).toBe(200)
  })
})

describe('the database', () => {
  it('away: 503 with Retry-After wherever it is needed, and the probes still answer', async () => {
    const database = openPool({ url: 'postgres://nobody@127.0.0.1:1/none', max: 2, applicationName: 'test' })
    const app = await buildServer(
      httpDeps(
        database,
        createDurableEngine(database, () => {}),
      ),
    )
    try {
      const body = { workflow_name: 'daily_report_generation', parameters: { date: '2025-01-17' } }
      const answers = [
        await call(app, 'POST', trigger, { body }),
        await call(app, 'GET', 'workflows/list'),
        await call(app, 'GET', 'workflows/status/fr_x'),
        await call(app, 'POST', 'workflows/cancel/fr_x'),
        await call(app, 'GET', 'events'),
        await call(app, 'GET', 'stream'),
        await call(app, 'GET', 'events', {
          key: null,
          headers: { 'x-api-key': `pk_${'0'.repeat(12)}_${'x'.repeat(43)}` },
        }),
      ]
      for (const answer of answers) {
        expectProblem(answer, 503, 'database_unavailable')
        expect(answer.headers['retry-after']).toBe('2')
      }
      expect((await call(app, 'GET', '/livez', { key: null })).status).toBe(200)
    } finally {
      await app.close()
      await database.close()
    }
  })

  it('a fault of our own: 500 without a word of it', async () => {
    const broken = await openHttpRig({
      metrics: () => Promise.reject(new Error('secret of the inside')),
      ready: () => Promise.reject(new Error('secret of the inside')),
    })
    try {
      const answer = await broken.call('GET', '/metrics')
      expectProblem(answer, 500, 'internal_error')
      expect(answer.text).not.toContain('secret')
      const ready = await broken.call('GET', '/readyz', { key: null })
      expect([ready.status, ready.body.status]).toEqual([503, 'not_ready'])
      expect(ready.text).not.toContain('secret')
    } finally {
      await broken.close()
    }
  })

  it('health is 503 when unhealthy and 200 when degraded', async () => {
    for (const [status, code] of [
      ['unhealthy', 503],
      ['degraded', 200],
    ] as const) {
      const health = await httpDeps(rig.database, rig.engine).health()
      const app = await buildServer(
        httpDeps(rig.database, rig.engine, { health: async () => ({ ...health, status }) }),
      )
      const answer = await call(app, 'GET', 'health')
      expect([answer.status, answer.body.status]).toEqual([code, status])
      await app.close()
    }
  })
})

describe('over a real connection', () => {
  let port: number
  beforeAll(async () => {
    await rig.app.listen({ port: 0, host: '127.0.0.1' })
    port = (rig.app.server.address() as AddressInfo).port
  })

  const exchange = async (text: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1')
    socket.end(text)
    let answer = ''
    socket.setEncoding('utf8').on('data', (chunk) => {
      answer += chunk
    })
    await once(socket, 'close')
    return answer
  }

  it('what is not HTTP is answered with a problem', async () => {
    const answer = await exchange('HELLO\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(Problem.parse(JSON.parse(answer.split('\r\n\r\n')[1] ?? ''))).toMatchObject({ status: 400 })
    const overflow = await exchange(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`)
    expect(overflow).toMatch(/^HTTP\/1\.1 431 /)
  })

  it('a body that turns out too large is refused with 413, chunked too', async () => {
    const request = httpRequest({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/api/v1/prefect/workflows/trigger',
      headers: { authorization: `Bearer ${KEYS.admin.secret}`, 'content-type': 'application/json' },
    })
    request.on('error', () => {})
    request.write('{"a":"')
    request.write('x'.repeat(20_000))
    request.end('"}')
    const [response] = await once(request, 'response')
    expect(response.statusCode).toBe(413)
    response.resume()
  })
})
