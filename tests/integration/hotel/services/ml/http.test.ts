import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type MlSimulator, startMlSimulator } from '../../../../../simulators/services/ml.ts'
import { createHttpMl } from '../../../../../src/hotel/services/ml/http.ts'
import { createGuard } from '../../../../../src/platform/outbound/service-guard.ts'

const signal = new AbortController().signal
const booking = {
  booking_id: 'BOOK001',
  guest_id: 'GUEST001',
  room_type: 'deluxe',
  check_in: '2025-02-01',
  check_out: '2025-02-03',
  total_amount: 4_000_000,
  lead_days: 15,
  nights: 2,
}

let simulator: MlSimulator
let ml: ReturnType<typeof createHttpMl>
beforeEach(async () => {
  simulator = await startMlSimulator({ apiKey: 'ml-key' })
  ml = mlWith('ml-key')
})
afterEach(async () => {
  await ml.close()
  await simulator.close()
})

function mlWith(apiKey: string) {
  return createHttpMl({
    url: `${simulator.url}/`,
    apiKey,
    guard: createGuard({ service: 'ml', timeoutMs: 5_000 }),
  })
}

describe('predictions', () => {
  it('give the risk of a booking, the longer ahead the higher', async () => {
    const near = await ml.predictChurn(booking, { key: 'run:1', signal })
    const far = await ml.predictChurn({ ...booking, lead_days: 180 }, { key: 'run:2', signal })
    expect(near).toMatchObject({ model_name: 'churn_model', model_version: '2025.01' })
    expect(far.risk).toBeGreaterThan(near.risk)
  })

  it('are asked with the published fields and no others', async () => {
    const whole = { ...booking, guest_name: 'Nguyễn Thị Sen' }
    await ml.predictChurn(whole, { key: 'run:1', signal })
    expect(simulator.requests[0]?.json()).toEqual(booking)
    expect(simulator.requests[0]?.headers['idempotency-key']).toBe('run:1')
  })
})

it('recommendations come best first, at most as many as asked', async () => {
  const ask = { guest_id: 'GUEST001', booking_id: null, limit: 3 }
  const { items } = await ml.recommend(ask, { key: 'run:1', signal })
  expect(items).toHaveLength(3)
  expect(items.map(({ score }) => score)).toEqual(items.map(({ score }) => score).toSorted((a, b) => b - a))
})

describe('training', () => {
  const ask = { model_name: 'churn_model', training_days: 365 }

  it('is started once under a key, and asked about until it has ended', async () => {
    const { job_id, status } = await ml.startTraining(ask, { key: 'run:1', signal })
    expect(status).toBe('queued')
    expect((await ml.startTraining(ask, { key: 'run:1', signal })).job_id).toBe(job_id)
    expect(simulator.jobs).toHaveLength(1)
    expect((await ml.training(job_id, signal))?.status).toBe('running')
    const ended = await ml.training(job_id, signal)
    expect(ended).toMatchObject({
      status: 'completed',
      model_version: '2025.1',
      metrics: { auc: expect.any(Number) },
    })
  })

  it('may fail', async () => {
    simulator.trainingEnds('failed')
    const { job_id } = await ml.startTraining(ask, { key: 'run:1', signal })
    await ml.training(job_id, signal)
    expect(await ml.training(job_id, signal)).toMatchObject({ status: 'failed', model_version: null })
  })

  it('that nobody started is not there', async () => {
    expect(await ml.training('train_9999', signal)).toBeUndefined()
  })
})

it('a wrong key is refused for good, an outage is not', async () => {
  const stranger = mlWith('wrong')
  const asked = stranger.predictChurn(booking, { key: 'run:1', signal })
  await expect(asked).rejects.toMatchObject({ name: 'GiveUp', code: 'ml_unauthorized' })
  await stranger.close()
  simulator.behave('error', { status: 502 })
  const down = ml.predictChurn(booking, { key: 'run:1', signal })
  await expect(down).rejects.toMatchObject({ name: 'TryAgain', code: 'ml_unavailable' })
})
