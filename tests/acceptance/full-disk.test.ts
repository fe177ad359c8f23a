/** The disk under the database is full: it answers, and takes nothing. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from '../support/service-client.ts'
import { type ServiceProcess, startService } from '../support/service-process.ts'
import { openSmallDisk, type SmallDisk } from '../support/small-disk.ts'

let disk: SmallDisk
let service: ServiceProcess
beforeAll(async () => {
  disk = openSmallDisk()
  const planned = [/the disk of the database (is full|has space again)/]
  service = await startService({ DATA_DIR: join(disk.folder, 'data') }, { planned })
})
afterAll(async () => {
  await service?.stop().finally(() => disk.remove())
})

/** Too much for the pages that have room, and not to be compressed. */
const punch = (employee_id: string) => ({
  employee_id,
  action: 'check_in',
  confidence: 0.9,
  timestamp: '2025-01-17T08:30:00Z',
  metadata: { picture: randomBytes(150_000).toString('hex') },
})
const send = (employee: string) => call(service, 'POST', 'events/attendance', punch(employee))
const readyz = async () => {
  const answer = await fetch(`${service.url}/readyz`)
  return { status: answer.status, body: await answer.json() }
}
const linesAbout = (words: string) =>
  service
    .logs()
    .split('\n')
    .filter((line) => line.includes(words))

it('says what it is, once for all that is refused, until there is space', async () => {
  // Nothing before it where only the payloads' file is made full: no connection may have opened that file yet.
  if (disk.isWhole) expect((await send('EMP001')).status).toBe(202)
  await disk.fill()
  const refused = await Promise.all(Array.from({ length: 20 }, (_, n) => send(`EMP1${n}`)))
  expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 503))
  expect(refused[0]?.body).toMatchObject({ code: 'database_full', detail: expect.stringContaining('disk') })
  expect(refused[0]?.headers.get('retry-after')).toBe('30')
  expect(linesAbout('53100')).toEqual([])
  expect(linesAbout('request failed')).toEqual([])
  expect(linesAbout('the disk of the database is full')).toHaveLength(1)
  if (!disk.isWhole) return

  const { status, body } = await call(service, 'GET', 'health')
  expect(status).toBe(200)
  expect(body).toMatchObject({
    status: 'degraded',
    checks: { database: { status: 'error', error: 'the disk is full: nothing can be written' } },
  })
  expect(await readyz()).toEqual({
    status: 503,
    body: { status: 'not_ready', reason: 'The disk of the database is full.' },
  })

  disk.free()
  expect(await readyz()).toMatchObject({ status: 200 })
  expect((await send('EMP002')).status).toBe(202)
  expect((await call(service, 'GET', 'health')).body).toMatchObject({
    checks: { database: { status: 'ok' } },
  })
  expect(linesAbout('has space again')).toHaveLength(1)
})
