import { expect, it } from 'vitest'
// @ts-expect-error plain JavaScript without declarations: it runs before anything is installed or built
import * as scripts from '../../../scripts/test-counts.mjs'

type Counts = { passed: number; failed: number; skipped: number; skippedNames: string[] }
const { countTests, describeSkips } = scripts as {
  countTests(report: unknown): Counts
  describeSkips(counts: Counts, services: { name: string; url?: string; advice: string }[]): string
}

const test = (status: string, fullName = 'a test') => ({ status, fullName })
const services = [
  { name: 'RabbitMQ', advice: 'set RABBITMQ_URL' },
  { name: 'Redis', url: 'redis://somewhere', advice: 'set REDIS_URL' },
]

it('counts every way of not passing, and files that could not be loaded', () => {
  const counts = countTests({
    testResults: [
      { status: 'passed', assertionResults: [test('passed'), test('passed'), test('skipped', 'one')] },
      { status: 'failed', assertionResults: [test('failed'), test('passed'), test('todo', 'two')] },
      { status: 'failed', assertionResults: [] },
    ],
  })
  expect(counts).toEqual({ passed: 3, failed: 2, skipped: 2, skippedNames: ['one', 'two'] })
})

it('says plainly that nothing was skipped', () => {
  expect(describeSkips(countTests({ testResults: [] }), services)).toBe('Skipped: 0 tests')
})

it('says why tests were skipped, only where a missing service was the reason', () => {
  const skipped = (...names: string[]) =>
    countTests({
      testResults: [{ status: 'passed', assertionResults: names.map((name) => test('skipped', name)) }],
    })
  expect(describeSkips(skipped('consumers (no RabbitMQ) acks', 'other'), services)).toBe(
    'Skipped: 2 tests (no RabbitMQ: set RABBITMQ_URL)',
  )
  expect(describeSkips(skipped('other'), services)).toBe('Skipped: 1 test')
})
