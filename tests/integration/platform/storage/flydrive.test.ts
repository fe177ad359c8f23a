import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import S3rver from 's3rver'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type ServiceSimulator,
  startServiceSimulator,
} from '../../../../simulators/services/service-simulator.ts'
import { createGuard } from '../../../../src/platform/outbound/service-guard.ts'
import type { BucketSettings } from '../../../../src/platform/storage/bucket.ts'
import { createStorage } from '../../../../src/platform/storage/flydrive.ts'
import { eventually } from '../../../support/eventually.ts'

const signal = new AbortController().signal
const KEY = 'reports/2025-01/daily_2025_01_17.pdf'
const text = (content: string) => new TextEncoder().encode(content)

function open(dataDir: string, s3?: BucketSettings, timeoutMs = 20_000) {
  return createStorage({ dataDir, s3, guard: createGuard({ service: 'storage', timeoutMs, failures: 100 }) })
}
type Opened = ReturnType<typeof open>

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'prefect-storage-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What holds wherever the files are. */
function behavesAsStorage(storage: () => Opened): void {
  it('gives back what was put, and the newest of it', async () => {
    await storage().put(KEY, text('Báo cáo cũ, và dài hơn'), 'application/pdf', signal)
    await storage().put(KEY, text('Báo cáo'), 'application/pdf', signal)
    expect(await storage().get(KEY, signal)).toEqual(text('Báo cáo'))
  })

  it.each([0, 1, 700_000])('gives back every one of %i bytes', async (size) => {
    const content = new Uint8Array(size).map((_, at) => (at * 7) % 256)
    await storage().put('archive/bytes.bin', content, 'application/octet-stream', signal)
    const found = await storage().get('archive/bytes.bin', signal)
    expect(found?.length).toBe(size)
    expect(Buffer.from(found ?? []).equals(content)).toBe(true)
  })

  it('has nothing under a key that was never used', async () => {
    expect(await storage().get('reports/none.pdf', signal)).toBeUndefined()
  })

  it.each([
    '',
    '/etc/passwd',
    '../../secret',
    'a/../b',
    'a//b',
    './a',
    'báo cáo',
    'a b',
    'a\\b',
    'a\nb',
    '.hidden',
    'x'.repeat(201),
  ])('refuses the key %j', async (key) => {
    const bad = { name: 'GiveUp', code: 'storage_bad_key' }
    await expect(storage().put(key, text('x'), 'text/plain', signal)).rejects.toMatchObject(bad)
    await expect(storage().get(key, signal)).rejects.toMatchObject(bad)
  })
}

describe('a folder', () => {
  let storage: Opened
  beforeEach(() => {
    storage = open(folder)
  })
  behavesAsStorage(() => storage)

  it('answers with a name that holds on any machine, and leaves no parts of files', async () => {
    expect(await storage.put('kept/a.txt', text('x'), 'text/plain', signal)).toEqual({
      url: 'storage:kept/a.txt',
    })
    expect(readdirSync(join(folder, 'storage', 'kept'))).toEqual(['a.txt'])
  })

  it('that cannot be written to is worth another try, and what was there stays', async () => {
    mkdirSync(join(folder, 'storage', 'taken', 'a.txt', 'below'), { recursive: true })
    const put = storage.put('taken/a.txt', text('x'), 'text/plain', signal)
    await expect(put).rejects.toMatchObject({ name: 'TryAgain', code: 'storage_unavailable' })
    expect(readdirSync(join(folder, 'storage', 'taken'))).toEqual(['a.txt'])
    expect(await storage.get('taken/a.txt', signal)).toBeUndefined()
  })

  it('has nothing below a file', async () => {
    mkdirSync(join(folder, 'storage'), { recursive: true })
    writeFileSync(join(folder, 'storage', 'file'), 'x')
    expect(await storage.get('file/below', signal)).toBeUndefined()
  })
})

describe('a bucket', () => {
  let server: S3rver
  let settings: BucketSettings & { endpoint: string }
  let storage: Opened
  beforeAll(async () => {
    const options = {
      address: '127.0.0.1',
      port: 0,
      silent: true,
      configureBuckets: [{ name: 'hotel-files' }],
    }
    server = new S3rver({ ...options, directory: join(folder, 'buckets') })
    const { port } = await server.run()
    settings = {
      bucket: 'hotel-files',
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      accessKeyId: 'S3RVER',
      secretAccessKey: 'S3RVER',
    }
    storage = open(folder, settings)
  })
  afterAll(async () => {
    await storage.close()
    await server.close()
  })
  behavesAsStorage(() => storage)

  it("answers with the object's URL, and keeps its type", async () => {
    const { url } = await storage.put(KEY, text('x'), 'application/pdf', signal)
    expect(url).toBe(`${settings.endpoint}/hotel-files/${KEY}`)
    const answer = await fetch(url)
    expect(answer.headers.get('content-type')).toBe('application/pdf')
  })

  it('that is not there, or not ours, is given up', async () => {
    const elsewhere = open(folder, { ...settings, bucket: 'nobodys-files' })
    const missing = { name: 'GiveUp', code: 'storage_not_found' }
    await expect(elsewhere.put(KEY, text('x'), 'text/plain', signal)).rejects.toMatchObject(missing)
    await expect(elsewhere.get(KEY, signal)).rejects.toMatchObject(missing)
    const stranger = open(folder, { ...settings, accessKeyId: 'NOBODY' })
    const refused = stranger.put(KEY, text('x'), 'text/plain', signal)
    await expect(refused).rejects.toMatchObject({ name: 'GiveUp', code: 'storage_unauthorized' })
    await Promise.all([elsewhere.close(), stranger.close()])
  })
})

describe('a bucket in trouble', () => {
  let simulator: ServiceSimulator
  let storage: Opened
  beforeEach(async () => {
    simulator = await startServiceSimulator({ handle: () => ({}) })
    storage = trouble(20_000)
  })
  afterEach(async () => {
    await storage.close()
    await simulator.close()
  })
  const trouble = (timeoutMs: number) => {
    const keys = { accessKeyId: 'key', secretAccessKey: 'secret' }
    return open(
      folder,
      { bucket: 'hotel-files', region: 'us-east-1', endpoint: simulator.url, ...keys },
      timeoutMs,
    )
  }

  it.each([
    ['error', { name: 'TryAgain', code: 'storage_unavailable' }],
    ['rate_limited', { name: 'TryAgain', code: 'storage_rate_limited', afterSeconds: 9 }],
  ] as const)('(%s) is asked once: trying again is for the task', async (mode, instruction) => {
    simulator.behave(mode, { retryAfterSeconds: 9 })
    await expect(storage.put(KEY, text('x'), 'text/plain', signal)).rejects.toMatchObject(instruction)
    expect(simulator.requests).toHaveLength(1)
  })

  it('is left when it does not answer, and when the caller stops', async () => {
    simulator.behave('hang')
    const hasty = trouble(1_000)
    await expect(hasty.get(KEY, signal)).rejects.toMatchObject({ name: 'TryAgain', code: 'storage_timeout' })
    const caller = new AbortController()
    const before = simulator.requests.length
    const stopped = expect(storage.get(KEY, caller.signal)).rejects.toThrow('cancelled')
    await eventually('the request to arrive', () => simulator.requests.length > before)
    caller.abort(new Error('cancelled'))
    await stopped
    await hasty.close()
  })
})
