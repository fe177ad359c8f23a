import { expect, it } from 'vitest'
import { orElse } from '../../../src/hotel/steps.ts'
import { TaskFailed } from '../../../src/platform/engine/errors.ts'

function logged() {
  const lines: unknown[] = []
  return { lines, log: (message: string, fields?: object) => lines.push([message, fields]) }
}

it('what is done is the answer, and nothing is logged', async () => {
  const flow = logged()
  expect(await orElse(flow, Promise.resolve('done'), null, 'it was not done')).toBe('done')
  expect(flow.lines).toEqual([])
})

it('what failed for good is logged with its code, and something stands in for it', async () => {
  const flow = logged()
  const failed = Promise.reject(new TaskFailed('ask', 'llm_timeout', 'No answer.'))
  expect(await orElse(flow, failed, 'by words', 'it was not done', { channel: 'sms' })).toBe('by words')
  expect(flow.lines).toEqual([['it was not done', { channel: 'sms', code: 'llm_timeout' }]])
})

it('anything else, a cancel among it, is the run’s end', async () => {
  const flow = logged()
  const cancelled = new Error('the run was cancelled')
  await expect(orElse(flow, Promise.reject(cancelled), null, 'it was not done')).rejects.toBe(cancelled)
  expect(flow.lines).toEqual([])
})
