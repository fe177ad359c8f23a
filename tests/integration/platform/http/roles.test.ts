import { expect, it } from 'vitest'
import { openHttpRig } from './http-rig.ts'

it('without the role api only the probes and the metrics are served', async () => {
  const worker = await openHttpRig({ roles: ['worker'] })
  try {
    expect((await worker.call('GET', '/livez', { key: null })).status).toBe(200)
    expect((await worker.call('GET', '/readyz', { key: null })).body).toEqual({ status: 'ready' })
    expect((await worker.call('GET', '/metrics')).text).toBe('up 1\n')
    for (const path of ['workflows', 'events', 'health', '/docs', '/openapi.json']) {
      expect((await worker.call('GET', path)).status).toBe(404)
    }
  } finally {
    await worker.close()
  }
})
