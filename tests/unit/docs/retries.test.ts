/** How long an outage is waited out is a promise of docs/services.md. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { alertDutyManager } from '../../../src/hotel/messages/saga-alerts.tasks.ts'
import { nextDelay } from '../../../src/platform/engine/attempts.ts'
import type { RetryPolicy } from '../../../src/platform/engine/flow.ts'
import {
  BRIEF_RETRY,
  CALL_RETRY,
  STAFF_RETRY,
  STORE_RETRY,
  UNDO_RETRY,
} from '../../../src/platform/engine/retries.ts'

it('docs/services.md says how often each kind of task is tried, and for how long', () => {
  const text = readFileSync('docs/services.md', 'utf8')
  const rows = [...text.matchAll(/^\| [^|]+ \| (\d+) \| ([\d to]+) \| (\d+ \w+) \|$/gm)]
  const policies = [
    CALL_RETRY,
    UNDO_RETRY,
    BRIEF_RETRY,
    STAFF_RETRY,
    alertDutyManager.retry ?? {},
    STORE_RETRY,
  ]
  expect(rows.map(([, attempts, waits, inAll]) => [Number(attempts), waits, inAll])).toEqual(
    policies.map(rowOf),
  )
})

function rowOf(policy: Partial<RetryPolicy>): [attempts: number, waits: string, inAll: string] {
  const { attempts = 1 } = policy
  const waits: number[] = []
  for (let attempt = 1; attempt < attempts; attempt++) {
    // Half way between the shortest and the longest that the jitter makes of it.
    waits.push(nextDelay({ ...policy, attempts }, attempt, new Error('away'), 0.5) ?? 0)
  }
  const [first, last] = [waits.at(0), waits.at(-1)]
  const seconds = waits.reduce((sum, wait) => sum + wait, 0)
  return [
    attempts,
    first === last ? `${first}` : `${first} to ${last}`,
    seconds < 60 ? `${seconds} seconds` : `${Math.floor(seconds / 60)} minutes`,
  ]
}
