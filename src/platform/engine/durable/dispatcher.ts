/**
 * Claims queued runs when there is something to claim. The engine's own loop polls every second, which finds what no
 * one announced; in between we ask it to poll at once, so that an idle service does next to nothing and a busy one
 * does not wait.
 */
import type { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor'
import { type WorkflowQueue, wfQueueRunner } from '@dbos-inc/dbos-sdk/internal/wfqueue'
import { QUEUES, type QueueName } from '../flow.ts'
import { pause } from '../pause.ts'

/** Between two polls of a queue: under load several runs are claimed in one transaction. */
const POLL_GAP_MS = 5

/** Not in the engine's published types; the contract test holds it to the pinned version. */
const poller = wfQueueRunner as unknown as {
  pollQueue(executor: DBOSExecutor, queue: WorkflowQueue): Promise<boolean>
}

export class Dispatcher {
  readonly #executor: DBOSExecutor
  readonly #queues: ReadonlyMap<string, WorkflowQueue>
  readonly #wanted = new Set<string>()
  readonly #polling = new Set<string>()
  readonly #full = new Set<string>()
  #stopped = false

  constructor(executor: DBOSExecutor, queues: ReadonlyMap<string, WorkflowQueue>) {
    this.#executor = executor
    this.#queues = queues
    this.#watchClaims()
  }

  /** There may be new runs in this queue; `*`: in any. */
  kick(queue: string): void {
    if (this.#stopped) return
    for (const name of queue === '*' ? this.#queues.keys() : [queue]) {
      this.#wanted.add(name)
      if (!this.#polling.has(name)) void this.#poll(name)
    }
  }

  /** A place is free: worth a look only where the last poll left runs behind. */
  freed(queue: string): void {
    if (this.#full.has(queue)) this.kick(queue)
  }

  stop(): void {
    this.#stopped = true
  }

  /** A claim of all it had places for may have left runs behind; the engine's own polls are seen here too. */
  #watchClaims(): void {
    const { systemDatabase } = this.#executor
    const claim = systemDatabase.findAndMarkStartableWorkflows.bind(systemDatabase)
    systemDatabase.findAndMarkStartableWorkflows = async (
      queue,
      executor,
      version,
      partition,
      running,
      ...rest
    ) => {
      const claimed = await claim(queue, executor, version, partition, running, ...rest)
      const places = QUEUES[queue.name as QueueName].workerConcurrency - (running ?? 0)
      if (claimed.length >= places) this.#full.add(queue.name)
      else this.#full.delete(queue.name)
      return claimed
    }
  }

  async #poll(name: string): Promise<void> {
    this.#polling.add(name)
    while (this.#wanted.delete(name) && !this.#stopped) {
      const queue = this.#queues.get(name)
      if (!queue) break
      await poller.pollQueue(this.#executor, queue)
      await pause(POLL_GAP_MS)
    }
    this.#polling.delete(name)
  }
}
