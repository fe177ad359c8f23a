/** What every engine must do. Run by tests/unit/engine and tests/integration/engine. */
import { expect, test } from 'vitest'
import * as flows from './flows.ts'
import { request, type Suite, startAndEnd } from './rig.ts'
import { describeSagas } from './sagas.ts'

export function describeEngine({ rig, ledger, rows }: Suite): void {
  describeSagas({ rig, ledger, rows })
  let serial = 0
  const unique = (word: string) => `${word}-${serial++}`

  test('runs tasks in order, gives each its key, keeps the log', async () => {
    const [a, b] = [unique('a'), unique('b')]
    const run = await startAndEnd(rig(), flows.sayAll, { says: [{ say: a }, { say: b }] })
    expect(run.status).toBe('completed')
    const result = run.result as { said: string; key: string }[]
    expect(result.map(({ said }) => said)).toEqual([a, b])
    expect(result[0]).toMatchObject({ 'odd\ufffd': 'nul \ufffd' })
    expect(new Set(result.map(({ key }) => key)).size).toBe(2)
    expect(await rig().logs(run.runId)).toEqual(['said all'])
  })

  test('tries a failing task again and records each failed attempt', async () => {
    const say = unique('flaky')
    const run = await startAndEnd(rig(), flows.sayAll, { says: [{ say, failures: 2 }] })
    expect(run.status).toBe('completed')
    expect(ledger().count(say)).toBe(3)
    expect((await rig().attempts(run.runId)).map(({ attempt, message }) => [attempt, message])).toEqual([
      [1, 'attempt 1 failed'],
      [2, 'attempt 2 failed'],
    ])
  })

  test('fails with the last error when the attempts are used up', async () => {
    const say = unique('hopeless')
    const run = await startAndEnd(rig(), flows.sayAll, { says: [{ say, failures: 9 }] })
    expect(run).toMatchObject({
      status: 'failed',
      error: { code: 'error', message: 'last attempt 3 failed' },
    })
    expect(await rig().attempts(run.runId)).toHaveLength(3)
  })

  test('does not repeat what gives up', async () => {
    const say = unique('refused')
    const run = await startAndEnd(rig(), flows.sayAll, { says: [{ say, failures: 9, by: 'give_up' }] })
    expect(run).toMatchObject({ status: 'failed', error: { code: 'refused' } })
    expect(ledger().count(say)).toBe(1)
  })

  test('waits as long as Retry-After asks', async () => {
    const say = unique('later')
    const started = performance.now()
    const run = await startAndEnd(rig(), flows.sayAll, {
      says: [{ say, failures: 1, by: 'later', after: 0.5 }],
    })
    expect(run.status).toBe('completed')
    expect(performance.now() - started).toBeGreaterThanOrEqual(495)
  })

  test('what cannot be stored does not disturb retries; a Retry-After that is no number is ignored', async () => {
    const [odd, late] = [unique('odd'), unique('nan')]
    const run = await startAndEnd(rig(), flows.sayAll, {
      says: [
        { say: odd, failures: 1, by: 'nul' },
        { say: late, failures: 1, by: 'later', after: 'soon' },
        { say: unique('last'), failures: 9, by: 'nul' },
      ],
    })
    expect(run).toMatchObject({ status: 'failed', error: { message: 'half\ufffd a \ufffd pair' } })
    expect(await rig().attempts(run.runId)).toHaveLength(5)
    expect(await rig().engine.retry(run.runId)).toMatchObject({ kind: 'retrying' })
    expect((await rig().ended(run.runId)).status).toBe('failed')
  })

  test('ends a task at its timeout, with an abort signal', async () => {
    const before = ledger().count('slow aborted')
    const run = await startAndEnd(rig(), flows.tooSlow)
    expect(run).toMatchObject({ status: 'failed', error: { code: 'timeout' } })
    expect(ledger().count('slow aborted')).toBe(before + 1)
  })

  test('uses a cached result until it expires', async () => {
    const key = unique('cache')
    const run = await startAndEnd(rig(), flows.cachedTwice, { key })
    const again = await startAndEnd(rig(), flows.cachedTwice, { key })
    expect(ledger().count(`computed ${key}`)).toBe(1)
    expect(again.result).toEqual(run.result)
  })

  test('commits a transaction, and rolls back one that fails, naming the part', async () => {
    const [kept, lost] = [unique('kept'), unique('lost')]
    expect((await startAndEnd(rig(), flows.writesRow, { id: kept })).status).toBe('completed')
    const failed = await startAndEnd(rig(), flows.writesRow, { id: lost, fail: true })
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'no_good' } })
    const ids = await rows()
    expect(ids).toContain(kept)
    expect(ids).not.toContain(lost)
  })

  test('fans out within its concurrency; the first failure by input order is thrown at the end', async () => {
    const says = [0, 1, 2, 3, 4].map((i) => ({ say: unique(`fan${i}`) }))
    expect(await startAndEnd(rig(), flows.sayTogether, { says })).toMatchObject({
      status: 'completed',
      result: 5,
    })
    const broken = says.map(({ say }, i) => ({
      say: `${say}x`,
      failures: i === 1 || i === 3 ? 9 : 0,
      by: 'give_up',
    }))
    const run = await startAndEnd(rig(), flows.sayTogether, { says: broken })
    expect(run).toMatchObject({ status: 'failed', error: { code: 'refused' } })
    expect(ledger().count(`${says[4]?.say}x`)).toBe(1)
  })

  test('a child is a run of its own; its failure is the parent’s child_failed', async () => {
    const say = unique('child')
    const good = await startAndEnd(rig(), flows.parent, { says: [{ say }] })
    expect(good).toMatchObject({ status: 'completed', result: [{ said: say }] })
    const bad = await startAndEnd(rig(), flows.parent, { says: [{ say, failures: 9, by: 'give_up' }] })
    expect(bad).toMatchObject({ status: 'failed', error: { code: 'child_failed' } })
  })

  test('a run that is started and not awaited outlives its parent, whose failure it does not know', async () => {
    const [first, second] = [unique('started'), unique('flaky')]
    const says = [{ say: first }, { say: second, failures: 2 }]
    const run = await startAndEnd(rig(), flows.starter, { says })
    const { child } = run.result as { child: string }
    expect(run.status).toBe('completed')
    expect(await rig().ended(child)).toMatchObject({
      status: 'completed',
      result: says.map(({ say }) => ({ said: say })),
    })
    expect(ledger().count(second)).toBe(3)
    expect(await rig().parentOf(child)).toBe(run.runId)
    const bad = await startAndEnd(rig(), flows.starter, {
      says: [{ say: unique('x'), failures: 9, by: 'give_up' }],
    })
    expect(bad.status).toBe('completed')
    expect((await rig().ended((bad.result as { child: string }).child)).status).toBe('failed')
  })

  test('a cancel of its parent does not reach it', async () => {
    const [say, hang] = [unique('survivor'), unique('starter')]
    const asked = request(flows.starter, { says: [{ say, failures: 1, by: 'later', after: 0.3 }], hang })
    await rig().engine.start(asked)
    await ledger().saw(hang)
    await rig().engine.cancel(asked.runId)
    expect((await rig().ended(asked.runId)).status).toBe('cancelled')
    await ledger().saw(say, 2)
  })

  test('sleeps, and remembers time and ids', async () => {
    const run = await startAndEnd(rig(), flows.sleeper, { seconds: 0.3 })
    const result = run.result as { id: string; slept: number }
    expect(result.slept).toBeGreaterThanOrEqual(299)
    expect(result.id).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('waits for a signal, also one that came before the wait, or for its end', async () => {
    const first = request(flows.waiter, { within: 30 })
    await rig().engine.start(first)
    expect(await rig().engine.signal(first.runId, 'task_finished', { by: 'EMP005' })).toEqual({
      kind: 'delivered',
    })
    expect((await rig().ended(first.runId)).result).toEqual({ got: { by: 'EMP005' } })
    expect(await rig().engine.signal(first.runId, 'task_finished', {})).toMatchObject({
      kind: 'already_ended',
    })
    expect((await startAndEnd(rig(), flows.waiter, { within: 0.1 })).result).toEqual({ got: 'nothing' })
    const silent = request(flows.waiter, { within: 30 })
    await rig().engine.start(silent)
    await rig().engine.signal(silent.runId, 'task_finished', undefined)
    expect((await rig().ended(silent.runId)).result).toEqual({ got: null })
    expect(await rig().engine.signal('fr_none', 'x', {})).toEqual({ kind: 'not_found' })
  })

  test('a run that was not begun never starts once cancelled; cancel is idempotent', async () => {
    const say = unique('never')
    const asked = request(
      flows.sayAll,
      { says: [{ say }] },
      { scheduledFor: new Date(Date.now() + 3_600_000) },
    )
    await rig().engine.start(asked)
    expect(await rig().status(asked.runId)).toBe('scheduled')
    expect(await rig().engine.cancel(asked.runId)).toMatchObject({ kind: 'cancelled', previous: 'scheduled' })
    expect(await rig().engine.cancel(asked.runId)).toEqual({ kind: 'already_ended', status: 'cancelled' })
    expect(await rig().engine.cancel('fr_none')).toEqual({ kind: 'not_found' })
    expect(ledger().count(say)).toBe(0)
  })

  test('a sleeping run is cancelled at once', async () => {
    const asked = request(flows.waiter, { within: 3_600 })
    const waiting = ledger().count('waiting') + 1
    await rig().engine.start(asked)
    await ledger().saw('waiting', waiting)
    await rig().engine.cancel(asked.runId)
    expect((await rig().ended(asked.runId)).status).toBe('cancelled')
  })

  test('starts later when it is told to', async () => {
    const asked = request(flows.sayAll, { says: [] }, { scheduledFor: new Date(Date.now() + 1_000) })
    const started = Date.now()
    await rig().engine.start(asked)
    expect((await rig().ended(asked.runId)).status).toBe('completed')
    expect(Date.now() - started).toBeGreaterThanOrEqual(950)
  })

  test('a run id that exists is left as it is', async () => {
    const say = unique('once')
    const asked = request(flows.sayAll, { says: [{ say }] })
    const answers = await Promise.all([1, 2, 3].map(() => rig().engine.start(asked)))
    expect(answers.filter(({ created }) => created)).toHaveLength(1)
    await rig().ended(asked.runId)
    expect(ledger().count(say)).toBe(1)
  })

  test('retry goes on from the failed task: completed ones are not repeated', async () => {
    const [done, failing] = [unique('done'), unique('failing')]
    const run = await startAndEnd(rig(), flows.sayAll, {
      says: [{ say: done }, { say: failing, failures: 4 }],
    })
    expect(run.status).toBe('failed')
    expect(await rig().engine.retry(run.runId)).toEqual({ kind: 'retrying', from: 'note' })
    expect((await rig().ended(run.runId)).status).toBe('completed')
    expect(ledger().count(done)).toBe(1)
    expect(ledger().count(failing)).toBe(5)
    // The policy counts from the retry: the fourth is not the last one.
    expect((await rig().attempts(run.runId)).map(({ attempt, message }) => [attempt, message])).toEqual([
      [1, 'attempt 1 failed'],
      [2, 'attempt 2 failed'],
      [3, 'last attempt 3 failed'],
      [4, 'attempt 4 failed'],
    ])
    expect(await rig().engine.retry(run.runId)).toEqual({ kind: 'not_failed', status: 'completed' })
  })

  test('retry of a fan-out repeats all that failed and nothing else', async () => {
    const says = [0, 1, 2, 3].map((i) => ({
      say: unique(`part${i}`),
      failures: i % 2 === 1 ? 1 : 0,
      by: 'give_up',
    }))
    const run = await startAndEnd(rig(), flows.sayTogether, { says })
    expect(run.status).toBe('failed')
    await rig().engine.retry(run.runId)
    expect(await rig().ended(run.runId)).toMatchObject({ status: 'completed', result: 4 })
    expect(says.map(({ say }) => ledger().count(say))).toEqual([1, 2, 1, 2])
  })

  test('retry of a parent retries its failed child', async () => {
    const say = unique('grandchild')
    const run = await startAndEnd(rig(), flows.parent, { says: [{ say, failures: 1, by: 'give_up' }] })
    expect(run.status).toBe('failed')
    await rig().engine.retry(run.runId)
    expect((await rig().ended(run.runId)).status).toBe('completed')
    expect(ledger().count(say)).toBe(2)
  })

  test('a flow that judges its run failed says why, and by which task', async () => {
    expect(await startAndEnd(rig(), flows.judged)).toMatchObject({
      status: 'failed',
      error: { code: 'low_confidence', message: 'Too low.' },
    })
  })
}
