/** What the adapters tell the engine when the property system is not well. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type PropertySystemSimulator,
  startPropertySystemSimulator,
} from '../../../../../simulators/services/property-system.ts'
import { startServiceSimulator } from '../../../../../simulators/services/service-simulator.ts'
import { createRequestPace } from '../../../../../src/hotel/services/pms/request-pace.ts'
import type { CallObserver, GuardSettings } from '../../../../../src/platform/outbound/service-guard.ts'
import { eventually } from '../../../../support/eventually.ts'
import { call, cloudbedsAt, listed, never, restAt } from './pms-rig.ts'

const STAY = { bookingId: 'BOOK001', checkIn: '2025-02-01', checkOut: '2025-02-03' }

describe.each(['cloudbeds', 'rest'] as const)('%s', (style) => {
  let hotel: PropertySystemSimulator
  const open: { close(): Promise<void> }[] = []
  beforeEach(async () => {
    hotel = await startPropertySystemSimulator({ style, reservations: [STAY], requestsPerSecond: 1_000 })
    open.push(hotel)
  })
  afterEach(async () => {
    for (const opened of open.splice(0).reverse()) await opened.close()
  })
  function adapter(guarded: Partial<GuardSettings> = {}) {
    const pms = style === 'rest' ? restAt(hotel.url, guarded) : cloudbedsAt(hotel.url, { guarded })
    open.push(pms)
    return pms
  }

  it.each([
    ['error', { name: 'TryAgain', code: 'pms_unavailable' }],
    ['rate_limited', { name: 'TryAgain', code: 'pms_rate_limited', afterSeconds: 7 }],
    ['garbled', { name: 'TryAgain', code: 'pms_unavailable' }],
    ['unauthorized', { name: 'GiveUp', code: 'pms_unauthorized' }],
  ] as const)('%s is one request and an instruction', async (mode, instruction) => {
    hotel.behave(mode, { retryAfterSeconds: 7 })
    await expect(adapter().reservation('BOOK001', never)).rejects.toMatchObject(instruction)
    await expect(adapter().cancelReservation('BOOK001', call('k1'))).rejects.toMatchObject(instruction)
    expect(hotel.requests).toHaveLength(2)
    expect(hotel.writes).toEqual([])
  })

  it('one that hangs is to be tried again', async () => {
    hotel.behave('hang')
    const answer = adapter({ timeoutMs: 50 }).reservation('BOOK001', never)
    await expect(answer).rejects.toMatchObject({ name: 'TryAgain', code: 'pms_timeout' })
  })

  it('a rate limit is respected by the calls behind it', async () => {
    hotel.behave('rate_limited', { retryAfterSeconds: 600 })
    const pms = adapter()
    const limited = { name: 'TryAgain', code: 'pms_rate_limited' }
    await expect(pms.reservation('BOOK001', never)).rejects.toMatchObject(limited)
    hotel.behave('ok')
    await expect(pms.reservation('BOOK001', never)).rejects.toMatchObject(limited)
    expect(hotel.requests).toHaveLength(1)
  })

  it('stops when it is aborted, with the reason given, also between pages', async () => {
    hotel.behave('hang')
    const abort = new AbortController()
    const pms = adapter()
    const window = pms.modifiedBetween(new Date(0), new Date(), abort.signal)
    const answers = [pms.reservation('BOOK001', abort.signal), listed(window)]
    const settled = Promise.all(
      answers.map((answer) => expect(answer).rejects.toThrow('the run was cancelled')),
    )
    await eventually('both requests are in', () => hotel.requests.length === 2)
    abort.abort(new Error('the run was cancelled'))
    await settled
    const after = pms.cancelReservation('BOOK001', call('k1', abort.signal))
    await expect(after).rejects.toThrow('the run was cancelled')
    expect(hotel.requests).toHaveLength(2)
  })

  it('is left alone after failures in a row, and asked again after a while', async () => {
    const states: string[] = []
    const observer: CallObserver = { called: () => {}, circuit: (_, state) => states.push(state) }
    const pms = adapter({ failures: 2, halfOpenAfterMs: 50, observer })
    hotel.behave('error')
    for (const _ of [1, 2]) await expect(pms.reservation('BOOK001', never)).rejects.toThrow('503')
    await expect(pms.reservation('BOOK001', never)).rejects.toMatchObject({ code: 'pms_circuit_open' })
    expect(hotel.requests).toHaveLength(2)
    hotel.behave('ok')
    const found = await eventually('it is asked again', () =>
      pms.reservation('BOOK001', never).catch(() => undefined),
    )
    expect(found).toMatchObject({ bookingId: 'BOOK001' })
    expect(states).toEqual(['open', 'half_open', 'closed'])
  })
})

describe('Cloudbeds’ refusals with status 200', () => {
  it.each([
    ['Too many requests, please slow down', { name: 'TryAgain', code: 'pms_rate_limited', afterSeconds: 1 }],
    ['The system is under maintenance', { name: 'TryAgain', code: 'pms_unavailable' }],
    ['Access token is invalid', { name: 'GiveUp', code: 'pms_unauthorized' }],
    [
      'Guest Jane Doe may not do that',
      { name: 'GiveUp', code: 'pms_refused', message: '"pms" refused getRooms.' },
    ],
  ])('%s', async (message, instruction) => {
    const service = await startServiceSimulator({ handle: () => ({ body: { success: false, message } }) })
    const pms = cloudbedsAt(service.url)
    const answer = pms.setHousekeeping({ roomNumber: '201', condition: 'clean' }, call('k1'))
    await expect(answer).rejects.toMatchObject(instruction)
    await pms.close()
    await service.close()
  })
})

describe('Cloudbeds’ request rate', () => {
  it('every request waits for its turn, and one that is not waited for is not made', async () => {
    const hotel = await startPropertySystemSimulator({ reservations: [STAY], requestsPerSecond: 1_000 })
    const pace = vi.fn(createRequestPace({ requests: 3, withinMs: 600_000 }))
    const pms = cloudbedsAt(hotel.url, { pace })
    for (const _ of [1, 2, 3]) await pms.reservation('BOOK001', never)
    const abort = new AbortController()
    const held = expect(pms.reservation('BOOK001', abort.signal)).rejects.toThrow('not worth the wait')
    await eventually('it waits', () => pace.mock.calls.length === 4)
    abort.abort(new Error('not worth the wait'))
    await held
    expect(hotel.requests).toHaveLength(3)
    await pms.close()
    await hotel.close()
  })

  it('the simulated one answers 429 to the sixth within its second', async () => {
    let now = Date.parse('2025-01-17T03:00:00Z')
    const hotel = await startPropertySystemSimulator({ reservations: [STAY], now: () => new Date(now) })
    const pms = cloudbedsAt(hotel.url)
    for (const _ of [1, 2, 3, 4, 5]) await pms.reservation('BOOK001', never)
    const limited = { code: 'pms_rate_limited', afterSeconds: 1 }
    await expect(pms.reservation('BOOK001', never)).rejects.toMatchObject(limited)
    now += 1000
    const second = cloudbedsAt(hotel.url)
    expect(await second.reservation('BOOK001', never)).toBeDefined()
    for (const opened of [pms, second, hotel]) await opened.close()
  })
})
