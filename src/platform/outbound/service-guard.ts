/**
 * What every call to another service goes through: a timeout, a limit on calls at once, a circuit breaker, and the
 * service's own Retry-After. One guard per service and process. Trying again is the task's business, where attempts
 * are recorded (`engine/attempts.ts`); the guard only says when.
 */
import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen, isBrokenCircuitError } from 'cockatiel'
import { GiveUp, TryAgain } from '../engine/errors.ts'
import { TimeIsUp, withinTime } from './time-limit.ts'
import { createTurns } from './turns.ts'

export type CallOutcome =
  | 'ok'
  | 'refused'
  | 'unavailable'
  | 'rate_limited'
  | 'timeout'
  | 'cancelled'
  | 'not_called'

/** Told of every call, for metrics and traces. */
export interface CallObserver {
  called(service: string, operation: string, outcome: CallOutcome, seconds: number): void
  circuit(service: string, state: 'closed' | 'open' | 'half_open'): void
}

export interface GuardSettings {
  /** Names the service in error codes and metrics: `pms`, `llm`. */
  service: string
  /** Of one call, from its turn on. */
  timeoutMs: number
  observer?: CallObserver | undefined
  /** Failures in a row that open the circuit. Default 5. */
  failures?: number
  /** How long it stays open before one call may try. Default 10,000. */
  halfOpenAfterMs?: number
  /** Calls at the same time; more wait for their turn. Default 16. */
  atOnce?: number
}

export interface ServiceGuard {
  readonly service: string
  /**
   * Runs one call. Throws what `act` throws when that is an instruction (GiveUp, TryAgain), TryAgain
   * `<service>_timeout` after the timeout, `<service>_circuit_open` without calling while the service is known to be
   * down, `<service>_rate_limited` without calling until its Retry-After is over; the caller's own abort as it is.
   * Any other error counts as "could not be reached": TryAgain `<service>_unavailable`. A TryAgain's `afterSeconds` is
   * the whole service's, not this call's: nobody calls it before then, for an hour at most.
   */
  call<T>(operation: string, signal: AbortSignal, act: (signal: AbortSignal) => Promise<T>): Promise<T>
}

export function createGuard(settings: GuardSettings): ServiceGuard {
  const { service, timeoutMs, observer, atOnce = 16 } = settings
  const circuit = createCircuit(settings)
  const rest = createRest(service)
  const turns = createTurns(atOnce)

  function throwIfResting(): void {
    rest.throwIfResting()
    circuit.throwIfOpen()
  }

  async function guarded<T>(signal: AbortSignal, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    throwIfResting()
    return turns(signal, async () => {
      // Those before it in the line may have found out.
      throwIfResting()
      try {
        return await circuit.execute(signal, () => timed(service, timeoutMs, signal, act))
      } catch (error) {
        rest.take(error)
        throw error
      }
    })
  }

  return {
    service,
    async call(operation, signal, act) {
      signal.throwIfAborted()
      const started = performance.now()
      const report = (outcome: CallOutcome) =>
        observer?.called(service, operation, outcome, (performance.now() - started) / 1000)
      try {
        const result = await guarded(signal, act)
        report('ok')
        return result
      } catch (error) {
        report(outcomeOf(error, service, signal))
        throw error
      }
    },
  }
}

const STATES = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Isolated]: 'open',
} as const

type Settled<T> = { value: T } | { refused: unknown }

function createCircuit({ service, observer, failures = 5, halfOpenAfterMs = 10_000 }: GuardSettings) {
  const circuit = circuitBreaker(
    // Who stopped waiting learned nothing. But the call that tests an open circuit must not close it by that.
    handleWhen((error) => isOutage(error, service) || circuit.state === CircuitState.HalfOpen),
    { halfOpenAfter: halfOpenAfterMs, breaker: new ConsecutiveBreaker(failures) },
  )
  let openedAt = 0
  circuit.onBreak(() => {
    openedAt = performance.now()
  })
  circuit.onStateChange((state) => observer?.circuit(service, STATES[state]))
  const secondsLeft = () => (openedAt + halfOpenAfterMs - performance.now()) / 1000
  const refusal = () => {
    const why = 'has failed several times in a row and is left alone'
    return notCalled(service, 'circuit_open', why, Math.max(0.1, secondsLeft()))
  }

  return {
    throwIfOpen(): void {
      if (circuit.state === CircuitState.Open && secondsLeft() > 0) throw refusal()
    },
    async execute<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
      const attempt = async (): Promise<Settled<T>> => {
        try {
          return { value: await call() }
        } catch (error) {
          if (signal.aborted || isOutage(error, service)) throw error
          // A refusal is an answer: the service is up.
          return { refused: error }
        }
      }
      const settled = await circuit.execute(attempt).catch((error: unknown) => {
        throw isBrokenCircuitError(error) ? refusal() : error
      })
      if ('refused' in settled) throw settled.refused
      return settled.value
    },
  }
}

/** A rate limit is none: it has a gate of its own. */
function isOutage(error: unknown, service: string): boolean {
  return error instanceof TryAgain && error.code !== `${service}_rate_limited`
}

/** One slip in a header must not silence a service for ever: it is asked again after an hour at the latest. */
const LONGEST_REST_SECONDS = 3_600

/** Keeps the service alone for as long as its own Retry-After asked. */
function createRest(service: string) {
  let until = 0
  return {
    throwIfResting(): void {
      const left = (until - performance.now()) / 1000
      if (left > 0) throw notCalled(service, 'rate_limited', 'asked not to be called for now', left)
    },
    take(error: unknown): void {
      if (!(error instanceof TryAgain) || error instanceof NotCalled) return
      const asked = error.afterSeconds ?? (error.code === `${service}_rate_limited` ? 1 : 0)
      const seconds = Math.min(Number.isNaN(asked) ? 0 : asked, LONGEST_REST_SECONDS)
      until = Math.max(until, performance.now() + seconds * 1000)
    },
  }
}

/** Thrown without a call: the service gets its rest. */
class NotCalled extends TryAgain {}

function notCalled(service: string, code: string, why: string, afterSeconds: number): NotCalled {
  return new NotCalled(`${service}_${code}`, `The service "${service}" ${why}.`, afterSeconds)
}

async function timed<T>(
  service: string,
  timeoutMs: number,
  signal: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await withinTime(timeoutMs, signal, act)
  } catch (error) {
    if (signal.aborted || error instanceof GiveUp || error instanceof TryAgain) throw error
    const cause = { cause: error }
    if (error instanceof TimeIsUp) {
      throw new TryAgain(
        `${service}_timeout`,
        `"${service}" gave no answer within ${timeoutMs} ms.`,
        undefined,
        cause,
      )
    }
    throw new TryAgain(
      `${service}_unavailable`,
      `The service "${service}" could not be reached.`,
      undefined,
      cause,
    )
  }
}

function outcomeOf(error: unknown, service: string, signal: AbortSignal): CallOutcome {
  if (signal.aborted) return 'cancelled'
  if (error instanceof NotCalled) return 'not_called'
  if (error instanceof GiveUp) return 'refused'
  const code = error instanceof TryAgain ? error.code : ''
  if (code === `${service}_rate_limited`) return 'rate_limited'
  return code === `${service}_timeout` ? 'timeout' : 'unavailable'
}
