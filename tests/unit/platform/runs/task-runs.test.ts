import { expect, it } from 'vitest'
import { TaskRun } from '../../../../src/platform/contract/run.ts'
import { type AttemptRow, type RunTrace, taskRuns } from '../../../../src/platform/runs/task-runs.ts'

const NOW = new Date('2025-01-17T10:00:00Z')
const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)
const trace = (parts: Partial<RunTrace>): RunTrace => ({
  runId: 'fr_1',
  status: 'running',
  checkpoints: [],
  attempts: [],
  waits: [],
  now: NOW,
  ...parts,
})
const checkpoint = (step: number, output: unknown, error: unknown = null, name = 'task') => ({
  step,
  name,
  output: output === null ? null : JSON.stringify(output),
  error: error === null ? null : JSON.stringify(error),
  started_ms: 1_000,
  completed_ms: 6_200,
})
const failed = (attempt: number, nextIn: number | null, step = 1): AttemptRow => ({
  step,
  attempt,
  task_name: 'send_email',
  started_at: at(-60 + attempt),
  ended_at: at(-59.5 + attempt),
  error: { code: 'smtp_down', message: 'no' },
  next_attempt_at: nextIn === null ? null : at(nextIn),
})
const runs = (parts: Partial<RunTrace>) => taskRuns(trace(parts)).map((run) => TaskRun.parse(run))
const brief = (parts: Partial<RunTrace>) =>
  runs(parts).map(({ task_name, status, retries }) => [task_name, status, retries])

it('lists what ended with its own attempt, in seconds', () => {
  expect(runs({ checkpoints: [checkpoint(1, { k: 'task', v: 1 }, null, 'fetch')] })).toEqual([
    {
      task_run_id: 'fr_1.1',
      task_name: 'fetch',
      status: 'completed',
      started_at: '1970-01-01T00:00:01Z',
      duration_seconds: 5.2,
      retries: 0,
      attempts: [
        {
          attempt: 1,
          status: 'completed',
          started_at: '1970-01-01T00:00:01Z',
          duration_seconds: 5.2,
          error: null,
          next_attempt_at: null,
        },
      ],
    },
  ])
})

it('leaves out the clock, the random and the bookkeeping of the engine', () => {
  const checkpoints = [
    checkpoint(1, { k: 'now', v: 1 }),
    checkpoint(2, { k: 'uuid', v: 'x' }),
    checkpoint(3, null, null, 'DBOS.getResult'),
  ]
  expect(runs({ checkpoints })).toEqual([])
})

it('lists a transaction part by part, and itself when it failed outside of them', () => {
  const p = [
    { n: 'validate', s: 1_000, e: 1_500 },
    { n: 'log', s: 1_500, e: 2_000 },
  ]
  expect(brief({ checkpoints: [checkpoint(4, { k: 'transaction', p })] })).toEqual([
    ['validate', 'completed', 0],
    ['log', 'completed', 0],
  ])
  const broken = { code: 'x', message: 'broke' }
  expect(brief({ checkpoints: [checkpoint(4, { k: 'transaction', p }, broken, 'record')] })).toEqual([
    ['validate', 'completed', 0],
    ['log', 'completed', 0],
    ['record', 'failed', 0],
  ])
  const inPart = [p[0], { ...p[1], err: broken }]
  const listed = runs({ checkpoints: [checkpoint(4, { k: 'transaction', p: inPart }, broken, 'record')] })
  expect(listed.map(({ task_name, status, task_run_id }) => [task_name, status, task_run_id])).toEqual([
    ['validate', 'completed', 'fr_1.4.0'],
    ['log', 'failed', 'fr_1.4.1'],
  ])
})

it('counts as retries what was retried', () => {
  const done = checkpoint(1, { k: 'task' })
  expect(brief({ checkpoints: [done], attempts: [failed(1, -50), failed(2, -40)] })).toEqual([
    ['task', 'completed', 2],
  ])
  const error = { code: 'smtp_down', message: 'no' }
  const lost = checkpoint(1, { k: 'task' }, error)
  expect(brief({ checkpoints: [lost], attempts: [failed(1, -50), failed(2, null)] })).toEqual([
    ['task', 'failed', 1],
  ])
  expect(brief({ checkpoints: [lost], attempts: [failed(1, -50)] })).toEqual([['task', 'failed', 1]])
  expect(brief({ checkpoints: [lost] })).toEqual([['task', 'failed', 0]])
  expect(brief({ attempts: [failed(1, 30)] })).toEqual([['send_email', 'retrying', 0]])
  expect(brief({ attempts: [failed(1, -50), failed(2, 30)] })).toEqual([['send_email', 'retrying', 1]])
  expect(brief({ attempts: [failed(1, -50)] })).toEqual([['send_email', 'running', 1]])
  expect(brief({ status: 'cancelled', attempts: [failed(1, 30)] })).toEqual([['send_email', 'cancelled', 0]])
})

it('lists waits, open and over, in the order of the steps', () => {
  const waits = [
    { step: 3, signal: 'go', opened_at: at(-10), closed_at: null },
    { step: 1, signal: null, opened_at: at(-30), closed_at: at(-10) },
  ]
  expect(brief({ status: 'waiting', waits, checkpoints: [checkpoint(2, { k: 'task' })] })).toEqual([
    ['sleep', 'completed', 0],
    ['task', 'completed', 0],
    ['wait_for:go', 'waiting', 0],
  ])
  expect(brief({ status: 'cancelled', waits: waits.slice(0, 1) })).toEqual([['wait_for:go', 'cancelled', 0]])
  const recorded = [checkpoint(3, { k: 'wait' }, null, 'wait_for:go')]
  expect(brief({ waits: waits.slice(0, 1), checkpoints: recorded })).toEqual([
    ['wait_for:go', 'completed', 0],
  ])
})

it('makes an answer of whatever was stored', () => {
  const odd = {
    ...checkpoint(1, null),
    output: 'not json',
    error: 'not json',
    started_ms: null,
    completed_ms: null,
  }
  expect(runs({ checkpoints: [odd] })[0]?.attempts[0]?.error).toEqual({
    code: 'error',
    message: 'No message was kept.',
  })
})
