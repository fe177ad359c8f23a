/** Every signal that a flow waits for: the table of contents. */
import type { AnySignal } from '../platform/engine/signal.ts'
import { acknowledge } from './anomalies/acknowledge.signal.ts'
import { taskFinished } from './guest-requests/task-finished.signal.ts'

export const SIGNALS: readonly AnySignal[] = [taskFinished, acknowledge]
