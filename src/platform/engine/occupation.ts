import type { StepKind } from './journal.ts'
import type { Occupation } from './run-control.ts'

/**
 * A plain task is an act outside the database: the other side's own limits hold for it, not the queue's. Of an undo the
 * kind of its task says it.
 */
export function occupationOf(kind: StepKind): Occupation {
  if (kind === 'wait' || kind === 'child') return 'waiting'
  return kind === 'task' ? 'outside' : 'here'
}
