import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GiveUp, TryAgain } from '../../../../src/platform/engine/errors.ts'
import { createGuard, type GuardSettings } from '../../../../src/platform/outbound/service-guard.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const never = new AbortController().signal
const down = async () => {
  throw new Error('ECONNREFUSED')
}
const refused = async () => {
  throw new GiveUp('llm_refused', 'no')
}
const rateLimited = (afterSeconds?: number) => async () => {
  throw new TryAgain('llm_rate_limited', 'slow down', afterSeconds)
}
const hang = () => new Promise<never>(() => {})

/** A guard whose calls are counted: `calls` holds what really went out. */
function rig(settings: Partial<GuardSettings> = {}) {
  const told: string[] = []
  const states: string[] = []
  const guard = createGuard({
    service: 'llm',
    timeoutMs: 8_000,
    failures: 3,
    halfOpenAfterMs: 10_000,
    observer: {
      called: (_service, _operation, outcome) => told.push(outcome),
      circuit: (_service, state) => states.push(state),
    },
    ...settings,
  })
  const calls: string[] = []
  const call = <T>(name: string, act: (signal: AbortSignal) => Promise<T>, signal = never) =>
    guard.call('generate', signal, (within) => {
      calls.push(name)
      return act(within)
    })
  /** The code it failed with. */
  const code = (name: string, act: () => Promise<unknown>, signal = never) =>
    call(name, act, signal).then(
      () => 'ok',
      (error: { code?: string }) => error.code,
    )
  return { call, code, calls, told, states }
}

describe('the circuit', () => {
  it('opens after failures in a row, and nobody calls until its time is over', async () => {
    const { code, calls, call, states, told } = rig()
    for (const name of ['1', '2', '3']) expect(await code(name, down)).toBe('llm_unavailable')
    expect(states).toEqual(['open'])
    await vi.advanceTimersByTimeAsync(4_000)
    await expect(call('4', down)).rejects.toMatchObject({
      name: 'TryAgain',
      code: 'llm_circuit_open',
      afterSeconds: 6,
    })
    expect(calls).toEqual(['1', '2', '3'])
    expect(told).toEqual(['unavailable', 'unavailable', 'unavailable', 'not_called'])
  })

  it('closes when the one call that tests it is answered; others wait for that test', async () => {
    const { code, calls, states } = rig()
    for (const name of ['1', '2', '3']) await code(name, down)
    await vi.advanceTimersByTimeAsync(10_000)
    let answer = () => {}
    const test = code(
      'test',
      () =>
        new Promise<void>((resolve) => {
          answer = resolve
        }),
    )
    const waiting = code('waiting', async () => {})
    await vi.advanceTimersByTimeAsync(100)
    expect(calls).toEqual(['1', '2', '3', 'test'])
    answer()
    expect(await Promise.all([test, waiting])).toEqual(['ok', 'ok'])
    expect(states).toEqual(['open', 'half_open', 'closed'])
  })

  it('stays open for as long again when the test fails', async () => {
    const { code, calls, states } = rig()
    for (const name of ['1', '2', '3']) await code(name, down)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await Promise.all([code('test', down), code('waiting', down)])).toEqual([
      'llm_unavailable',
      'llm_circuit_open',
    ])
    await vi.advanceTimersByTimeAsync(9_000)
    expect(await code('too early', down)).toBe('llm_circuit_open')
    expect(calls).toEqual(['1', '2', '3', 'test'])
    expect(states).toEqual(['open', 'half_open', 'open'])
  })

  it('is not closed by a test whose caller gave up waiting', async () => {
    const { code, call, calls } = rig()
    for (const name of ['1', '2', '3']) await code(name, down)
    await vi.advanceTimersByTimeAsync(10_000)
    const caller = new AbortController()
    const test = expect(call('test', hang, caller.signal)).rejects.toThrow('cancelled')
    await vi.advanceTimersByTimeAsync(10)
    caller.abort(new Error('cancelled'))
    await test
    expect(await code('next', down)).toBe('llm_circuit_open')
    expect(calls).toEqual(['1', '2', '3', 'test'])
  })

  it('takes a refusal for an answer: the failures are in a row no more, and a test is passed', async () => {
    const { code, states } = rig()
    for (const act of [down, down, refused, down, down]) await code('', act)
    expect(states).toEqual([])
    await code('', down)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await code('test', refused)).toBe('llm_refused')
    expect(states).toEqual(['open', 'half_open', 'closed'])
  })

  it('counts neither a caller who gave up nor a rate limit', async () => {
    const { code, call, states } = rig()
    await code('', down)
    await code('', down)
    const caller = new AbortController()
    const cancelled = expect(call('', hang, caller.signal)).rejects.toThrow('cancelled')
    await vi.advanceTimersByTimeAsync(10)
    caller.abort(new Error('cancelled'))
    await cancelled
    expect(states).toEqual([])
    // Still two in a row: the abort was no success either.
    await code('', down)
    expect(states).toEqual(['open'])
    const limited = rig()
    for (let time = 0; time < 5; time++) {
      await limited.code('', rateLimited(1))
      await vi.advanceTimersByTimeAsync(1_001)
    }
    expect(limited.states).toEqual([])
  })
})

describe("the service's own Retry-After", () => {
  it.each([
    ['of a rate limit', 'llm_rate_limited'],
    ['of an outage', 'llm_unavailable'],
  ])('%s keeps everybody from calling until it is over', async (_, kind) => {
    const { code, call, calls } = rig()
    const limit = async () => {
      throw new TryAgain(kind, 'later', 30)
    }
    expect(await code('1', limit)).toBe(kind)
    await vi.advanceTimersByTimeAsync(10_000)
    await expect(call('2', limit)).rejects.toMatchObject({ code: 'llm_rate_limited', afterSeconds: 20 })
    await vi.advanceTimersByTimeAsync(20_001)
    expect(await code('3', async () => {})).toBe('ok')
    expect(calls).toEqual(['1', '3'])
  })

  it('is a second where the service names none, and an hour where it asks for a year', async () => {
    const { code } = rig()
    await code('', rateLimited())
    expect(await code('', async () => {})).toBe('llm_rate_limited')
    await vi.advanceTimersByTimeAsync(1_001)
    await code('', rateLimited(365 * 86_400))
    await vi.advanceTimersByTimeAsync(3_599_000)
    expect(await code('', async () => {})).toBe('llm_rate_limited')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await code('', async () => {})).toBe('ok')
  })

  it('is kept by those who wait for their turn already', async () => {
    const { code, calls } = rig({ atOnce: 1 })
    const all = [code('1', rateLimited(5)), code('2', down), code('3', down)]
    expect(await Promise.all(all)).toEqual(Array(3).fill('llm_rate_limited'))
    expect(calls).toEqual(['1'])
  })
})

describe('calls at once', () => {
  it('are limited; the others come in order, and one that is aborted leaves the line', async () => {
    const { code, call, calls } = rig({ atOnce: 2 })
    const finish: (() => void)[] = []
    const wait = () => new Promise<void>((resolve) => finish.push(resolve))
    const caller = new AbortController()
    const first = [code('1', wait), code('2', wait)]
    const left = expect(call('left', wait, caller.signal)).rejects.toThrow('cancelled')
    const rest = [code('3', wait), code('4', wait)]
    await vi.advanceTimersByTimeAsync(10)
    expect(calls).toEqual(['1', '2'])
    caller.abort(new Error('cancelled'))
    await left
    finish[1]?.()
    await vi.advanceTimersByTimeAsync(10)
    expect(calls).toEqual(['1', '2', '3'])
    finish[0]?.()
    await vi.advanceTimersByTimeAsync(10)
    for (const done of finish) done()
    expect(await Promise.all([...first, ...rest])).toEqual(Array(4).fill('ok'))
    expect(calls).toEqual(['1', '2', '3', '4'])
    // Every place was given back.
    expect(await Promise.all([code('5', async () => {}), code('6', async () => {})])).toEqual(['ok', 'ok'])
  })

  it('a line behind a service that hangs is not called one by one once the circuit is open', async () => {
    const { code, calls } = rig({ atOnce: 3 })
    const codes = Promise.all(
      Array.from({ length: 50 }, (_, at) => code(String(at), hang, new AbortController().signal)),
    )
    await vi.advanceTimersByTimeAsync(20_000)
    // Three failures open it; as they end one by one, two more had begun.
    expect(calls).toEqual(['0', '1', '2', '3', '4'])
    expect((await codes).filter((one) => one === 'llm_circuit_open')).toHaveLength(45)
  })
})

describe('one call', () => {
  it('is given up after its time, though it does not listen; what it does later changes nothing', async () => {
    const { call, told } = rig()
    let signal: AbortSignal | undefined
    let fail = (_: Error) => {}
    const deaf = (within: AbortSignal) => {
      signal = within
      return new Promise<never>((_, reject) => {
        fail = reject
      })
    }
    const given = expect(call('', deaf)).rejects.toMatchObject({ name: 'TryAgain', code: 'llm_timeout' })
    await vi.advanceTimersByTimeAsync(8_000)
    await given
    expect(signal?.aborted).toBe(true)
    fail(new Error('too late'))
    await vi.advanceTimersByTimeAsync(10)
    expect(told).toEqual(['timeout'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it("throws the caller's own reason, whatever the client makes of the abort", async () => {
    const { call, told } = rig()
    const caller = new AbortController()
    const client = (within: AbortSignal) =>
      new Promise<never>((_, reject) => {
        within.addEventListener('abort', () => reject(new Error('AbortError: Request aborted')))
      })
    const stopped = expect(call('', client, caller.signal)).rejects.toThrow('the run was cancelled')
    await vi.advanceTimersByTimeAsync(10)
    caller.abort(new Error('the run was cancelled'))
    await stopped
    await expect(call('', client, caller.signal)).rejects.toThrow('the run was cancelled')
    expect(told).toEqual(['cancelled'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('leaves no timer behind, tells what came of it, and names no cause in its message', async () => {
    const { call, code, told } = rig()
    expect(await call('', async () => 42)).toBe(42)
    const failing = call('', async () => {
      throw new Error('connect ECONNREFUSED guest@example.com')
    })
    await expect(failing).rejects.toMatchObject({ message: 'The service "llm" could not be reached.' })
    await code('', refused)
    await code('', rateLimited(1))
    expect(told).toEqual(['ok', 'unavailable', 'refused', 'rate_limited'])
    expect(vi.getTimerCount()).toBe(0)
  })
})
