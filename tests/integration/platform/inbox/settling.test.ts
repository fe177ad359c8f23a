import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createInbox } from '../../../../src/platform/inbox/inbox.ts'
import { InboxRefusal } from '../../../../src/platform/inbox/inbox-refusal.ts'
import { type InboxSource, settling } from '../../../../src/platform/inbox/inbox-source.ts'
import { asks, breaks, type InboxRig, openInboxRig, pressing } from './inbox-rig.ts'

let rigged: InboxRig
beforeAll(async () => {
  rigged = await openInboxRig()
})
afterAll(() => rigged?.rig.close())

const refusalOf = async (press: Promise<unknown>) => {
  const error = await press.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof InboxRefusal)) throw error ?? new Error('It was not refused.')
  return error
}
const decisionsOf = async (runId: string) => {
  const { decisions } = await rigged.inbox.decisions({}, { limit: 200, offset: 0 })
  return decisions.filter(({ flow_run_id }) => flow_run_id === runId)
}

it('a wait is no entry any more once its run is cancelled', async () => {
  const runId = await rigged.started(asks, '203', 'waiting')
  const { id } = await rigged.entryOf(runId)
  await rigged.rig.engine.cancel(runId)
  await rigged.rig.ended(runId)
  expect(
    await refusalOf(rigged.inbox.settle(pressing(id, 'answer', { payload: { approved: true } }))),
  ).toMatchObject({
    code: 'entry_not_found',
  })
})

it('a failed run retried by somebody else meanwhile is no entry any more', async () => {
  const runId = await rigged.started(breaks, '304', 'failed')
  const { id } = await rigged.entryOf(runId)
  rigged.house.works = true
  await rigged.rig.engine.retry(runId)
  await rigged.rig.ended(runId)
  rigged.house.works = false
  expect(await refusalOf(rigged.inbox.settle(pressing(id, 'retry')))).toMatchObject({
    code: 'entry_not_found',
  })
})

describe('two press at once', () => {
  it('one wins, and the other is told who did what and when', async () => {
    for (let round = 0; round < 10; round++) {
      const runId = await rigged.started(breaks, `5${round}`, 'failed')
      const { id } = await rigged.entryOf(runId)
      const people = ['Lan', 'Minh', 'Hoa', 'An']
      const pressed = await Promise.allSettled(
        people.map((by, n) => rigged.inbox.settle(pressing(id, n % 2 === 0 ? 'dismiss' : 'retry', { by }))),
      )
      const won = pressed.flatMap((each) => (each.status === 'fulfilled' ? [each.value.decision] : []))
      expect(won).toHaveLength(1)
      const [decision] = won
      for (const each of pressed) {
        if (each.status === 'fulfilled') continue
        expect(each.reason).toMatchObject({ code: 'already_decided', decision })
        expect(each.reason.message).toContain(decision?.by)
        expect(each.reason.message).toContain(decision?.decided_at)
        expect(each.reason.message).toContain(decision?.action)
      }
      expect(await decisionsOf(runId)).toHaveLength(1)
    }
  }, 60_000)

  it('the same person pressing again gets the first answer, and nothing happens twice', async () => {
    const runId = await rigged.started(breaks, '602', 'failed')
    const { id } = await rigged.entryOf(runId)
    const first = await rigged.inbox.settle(pressing(id, 'dismiss'))
    const again = await rigged.inbox.settle(pressing(id, 'dismiss'))
    expect(again).toEqual({ decision: first.decision, repeated: true })
    expect(await decisionsOf(runId)).toHaveLength(1)
    expect(await refusalOf(rigged.inbox.settle(pressing(id, 'retry')))).toMatchObject({
      code: 'already_decided',
    })
  })
})

describe('decision and effect are one transaction', () => {
  it('an effect that fails leaves no decision, and a decision that cannot be written no effect', async () => {
    const { rig } = rigged
    await rig.database.query(
      'create table public.lamps (id text primary key, lit boolean not null default false)',
    )
    await rig.database.query(`insert into public.lamps (id) values ('a'), ('b')`)
    let broken = true
    const lamps: InboxSource = {
      kind: 'lamp',
      open: () => ({
        from: 'public.lamps l',
        where: ['not l.lit'],
        ref: 'l.id',
        since: `timestamptz '2025-01-17'`,
        who: "'anybody'",
        subjects: `array['lamp:' || l.id]`,
        facts: `'{}'::jsonb`,
      }),
      at: (ref, bind) => [`l.id = ${bind(ref)}`],
      describe: () => ({ title: 'A lamp is out', details: {} }),
      actions: () => ({
        light: settling({
          title: 'Light it',
          async settle({ sql, entry }) {
            await sql.query('update public.lamps set lit = true where id = $1', [entry.ref])
            if (broken) throw new Error('The worker died here.')
            return undefined
          },
        }),
      }),
    }
    const inbox = createInbox({ database: rig.database, sources: [lamps], wake: () => {} })
    const lit = async () => (await rig.database.query('select from public.lamps where lit')).length
    const decided = async () =>
      (await rig.database.query(`select from prefect.decisions where kind = 'lamp'`)).length

    await expect(inbox.settle(pressing('lamp.a', 'light'))).rejects.toThrow('The worker died here.')
    expect([await lit(), await decided()]).toEqual([0, 0])

    broken = false
    const unwritable = pressing('lamp.a', 'light', { decidedBy: null as never })
    await expect(inbox.settle(unwritable)).rejects.toThrow(/decided_by/)
    expect([await lit(), await decided()]).toEqual([0, 0])

    await inbox.settle(pressing('lamp.a', 'light'))
    expect([await lit(), await decided()]).toEqual([1, 1])
  })
})

it('an action or an entry that is not there is named', async () => {
  const runId = await rigged.started(breaks, '701', 'failed')
  const { id } = await rigged.entryOf(runId)
  expect(await refusalOf(rigged.inbox.settle(pressing(id, 'explode')))).toMatchObject({
    code: 'unknown_action',
    message: expect.stringMatching(/it has retry, dismiss/),
  })
  for (const unknown of [
    'nothing',
    'failed_run.',
    'failed_run.fr_none.1',
    'wait.a.b.c',
    "failed_run.x'--",
    'toString.x',
  ]) {
    expect(await refusalOf(rigged.inbox.settle(pressing(unknown, 'retry')))).toMatchObject({
      code: 'entry_not_found',
    })
  }
})
