import { ROOT_CONTEXT } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { contextOf, currentTraceparent, inSpan } from '../../../../src/platform/observability/spans.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

describe('a trace context', () => {
  it.each([
    ['as it came', `00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`],
    ['not recorded', `00-${TRACE}-${SPAN}-00`, `00-${TRACE}-${SPAN}-00`],
    [
      'of a later version, without what we do not know',
      `cc-${TRACE}-${SPAN}-03-more`,
      `00-${TRACE}-${SPAN}-01`,
    ],
  ])('is read and written: %s', (_, given, expected) => {
    expect(currentTraceparent(contextOf(given))).toBe(expected)
  })

  it.each([
    ['none', undefined],
    ['nothing', ''],
    ['no version', `ff-${TRACE}-${SPAN}-01`],
    ['zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['something else', `${TRACE} ${SPAN}`],
  ])('is none: %s', (_, given) => {
    expect(contextOf(given)).toBe(ROOT_CONTEXT)
  })
})

it('without an SDK a span is nothing: results, errors and contexts are as they were', async () => {
  const error = new Error('as thrown')
  expect(await inSpan({ name: 'test' }, async () => currentTraceparent())).toBeUndefined()
  await expect(inSpan({ name: 'test' }, () => Promise.reject(error))).rejects.toBe(error)
})
