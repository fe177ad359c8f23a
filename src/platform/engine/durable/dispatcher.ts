/**
 * Claims queued runs when there is something to claim. Each queue is polled by one loop, so that no two polls of it can
 * count the same slots; a look once a second finds what nobody was woken for. An idle service does next to nothing, and
 * a busy one does not wait.
 */
import type { Logger } from '../../observability/logger.ts'
import { pause, pauseUntilWoken } from '../pause.ts'

/** Between two polls of a queue: under load several runs are claimed in one transaction. */
const POLL_GAP_MS = 5
const STOP_GRACE_MS = 5_000

export interface DispatcherPorts {
  queues: readonly string[]
  /** Runs of the queue that this worker may take now. */
  slots(queue: string): number
  /** Claims at most so many and begins them. Returns how many it were. */
  claim(queue: string, most: number): Promise<number>
  /** Returns the queues that have runs to claim. */
  look(queues: readonly string[]): Promise<string[]>
  lookMs: number
  logger: Logger
}

export class Dispatcher {
  readonly #ports: DispatcherPorts
  readonly #wanted = new Set<string>()
  /** Their last poll took all it had slots for: it may have left runs behind. */
  readonly #full = new Set<string>()
  /** A slot was left since their last poll began. */
  readonly #slotLeft = new Set<string>()
  readonly #wakers = new Map<string, Set<() => void>>()
  readonly #stop = new AbortController()
  readonly #loops: Promise<unknown>
  readonly #failing = new Set<string>()

  constructor(ports: DispatcherPorts) {
    this.#ports = ports
    for (const queue of ports.queues) this.#wakers.set(queue, new Set())
    this.#loops = Promise.all([this.#lookAgainAndAgain(), ...ports.queues.map((queue) => this.#serve(queue))])
    this.pollNow('*')
  }

  /** There may be new runs in this queue; `*`: in any. */
  pollNow(queue: string): void {
    for (const name of queue === '*' ? this.#ports.queues : [queue]) {
      this.#wanted.add(name)
      for (const wake of this.#wakers.get(name) ?? []) wake()
    }
  }

  /** A slot is free: worth a poll only where the last one left runs behind. */
  slotFree(queue: string): void {
    if (this.#full.has(queue)) this.pollNow(queue)
    else this.#slotLeft.add(queue)
  }

  /** Resolves when no claim is under way any more; a claim that hangs in an outage is not waited for. */
  async stop(): Promise<void> {
    this.#stop.abort()
    const patience = new AbortController()
    await Promise.race([this.#loops, pause(STOP_GRACE_MS, patience.signal)])
    patience.abort()
  }

  async #serve(queue: string): Promise<void> {
    const { signal } = this.#stop
    const wakers = this.#wakers.get(queue) as Set<() => void>
    while (!signal.aborted) {
      if (!this.#wanted.delete(queue)) {
        await pauseUntilWoken(wakers, Number.POSITIVE_INFINITY, signal)
        continue
      }
      await this.#attempt(queue, () => this.#poll(queue))
      await pause(POLL_GAP_MS, signal)
    }
  }

  async #poll(queue: string): Promise<void> {
    this.#slotLeft.delete(queue)
    const slots = this.#ports.slots(queue)
    const claimed = slots > 0 ? await this.#ports.claim(queue, slots) : 0
    if (claimed < slots) this.#full.delete(queue)
    else this.#full.add(queue)
    if (this.#full.has(queue) && this.#slotLeft.has(queue)) this.pollNow(queue)
  }

  async #lookAgainAndAgain(): Promise<void> {
    const { queues, lookMs } = this.#ports
    while (!this.#stop.signal.aborted) {
      await pause(lookMs, this.#stop.signal)
      if (this.#stop.signal.aborted) return
      await this.#attempt('look', async () => {
        for (const queue of await this.#ports.look(queues)) this.pollNow(queue)
      })
    }
  }

  /** The first failure in a row is reported; the next look tries again. */
  async #attempt(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act()
      this.#failing.delete(what)
    } catch (error) {
      const { logger } = this.#ports
      logger[this.#failing.has(what) ? 'debug' : 'warn']({ err: error }, 'could not claim runs; trying again')
      this.#failing.add(what)
    }
  }
}
