import { randomUUID } from 'node:crypto'
import type { TaskContext } from '../../src/platform/engine/flow.ts'

/** What a task is told by the engine, for a test that calls it by itself. */
export function contextOf(taskName: string, given: Partial<TaskContext> = {}): TaskContext {
  const runId = given.runId ?? `fr_${randomUUID()}`
  return {
    runId,
    eventId: undefined,
    taskName,
    attempt: 1,
    lastAttempt: false,
    idempotencyKey: `${runId}.0.0`,
    signal: new AbortController().signal,
    now: () => new Date(),
    log: () => {},
    ...given,
  }
}
