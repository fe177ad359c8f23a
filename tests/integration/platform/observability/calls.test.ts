/** What the metrics tell of calls to another service, through the real guard. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { startServiceSimulator } from '../../../../simulators/services/service-simulator.ts'
import { observeCalls } from '../../../../src/app/observers.ts'
import { createMetrics } from '../../../../src/platform/observability/metrics.ts'
import { createJsonClient } from '../../../../src/platform/outbound/json-client.ts'
import { createGuard } from '../../../../src/platform/outbound/service-guard.ts'
import { eventually } from '../../../support/eventually.ts'

it('calls are counted by outcome, timed, and the circuit is seen to open and close', async () => {
  const stub = await startServiceSimulator({ handle: () => ({}) })
  const { registry, ...metrics } = createMetrics()
  const observer = observeCalls({ registry, ...metrics })
  const guard = createGuard({ service: 'stub', timeoutMs: 5_000, observer, failures: 2, halfOpenAfterMs: 50 })
  const client = createJsonClient({ url: stub.url, guard })
  const { signal } = new AbortController()
  const look = { operation: 'look_up', method: 'GET', path: '/', answer: z.object({}), signal } as const
  const call = () => client.call(look).catch(() => undefined)
  const shown = async (line: string) => (await registry.metrics()).includes(`${line}\n`)

  await call()
  stub.behave('error')
  for (let calls = 0; calls < 3; calls++) await call()
  expect(await shown('prefect_circuit_open{service="stub"} 1')).toBe(true)
  stub.behave('ok')
  await eventually('the circuit to close', async () => {
    await call()
    return shown('prefect_circuit_open{service="stub"} 0')
  })

  const counted = (await metrics.serviceCalls.get()).values.map(({ labels, value }) => [
    labels.outcome,
    value,
  ])
  expect(Object.fromEntries(counted)).toMatchObject({ ok: 2, unavailable: 2, not_called: expect.any(Number) })
  expect(await shown('prefect_service_calls_total{service="stub",operation="look_up",outcome="ok"} 2')).toBe(
    true,
  )
  const sum = counted.reduce((all, [, value]) => all + Number(value), 0)
  expect(await shown(`prefect_service_call_seconds_count{service="stub",operation="look_up"} ${sum}`)).toBe(
    true,
  )
  await client.close()
  await stub.close()
})
