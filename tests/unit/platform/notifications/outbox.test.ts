import { describe, expect, it } from 'vitest'
import { reopening } from '../../../../src/platform/notifications/outbox.rules.ts'

describe('a message that is in the outbox already', () => {
  it.each([
    ['pending', 'mine', false, 'renew'],
    ['held', 'mine', false, 'renew'],
    // Its status may lag behind: whoever asks goes on.
    ['held', 'mine', true, 'renew'],
    ['pending', 'another', false, 'leave'],
    ['held', 'another', false, 'leave'],
    ['pending', 'another', true, 'take_over'],
    ['held', 'another', true, 'take_over'],
    ['pending', null, false, 'leave'],
    ['failed', 'mine', false, 'take_over'],
    ['failed', 'another', false, 'take_over'],
    ['dropped', 'mine', false, 'take_over'],
    ['dropped', 'another', true, 'take_over'],
    ['sent', 'mine', true, 'leave'],
    ['sent', 'another', true, 'leave'],
    ['sandbox', 'mine', false, 'leave'],
    ['sandbox', 'another', true, 'leave'],
  ] as const)('%s, of the run %s (over: %s): %s', (status, runId, runIsOver, decided) => {
    expect(reopening({ status, runId, runIsOver }, 'mine')).toBe(decided)
  })
})
