/** A retry and its preview are one plan: what it lists is what then happens, from any task of any flow. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { GiveUp } from '../../../../src/platform/engine/errors.ts'
import { defineFlow, defineTask, defineTransaction, type Flow } from '../../../../src/platform/engine/flow.ts'
import type { RetryPlan } from '../../../../src/platform/engine/retry-plan.ts'
import { runDetail } from '../../../../src/platform/runs/run-detail.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { Ledger, request, type TestDeps } from '../../../support/engine-conformance/rig.ts'

const KINDS = ['note', 'write', 'wait', 'all', 'child', 'start'] as const
type Kind = (typeof KINDS)[number]
interface Step {
  kind: Kind
  name: string
}

/** Names of tasks that are refused. */
const broken = new Set<string>()
const ledger = new Ledger()
const about = { description: 'test', subjects: () => [], estimatedMinutes: 1 }

/** Says `<run> <name> <key> <input>` in the ledger. */
const noteAs = (name: string) =>
  defineTask<TestDeps, string, string>({
    name,
    async run(deps, input, { runId, idempotencyKey }) {
      deps.ledger.add(`${runId} ${name} ${idempotencyKey} ${input}`)
      if (broken.has(name + input)) throw new GiveUp('refused', 'Refused for good.')
      return name
    },
  })
const writeAs = (name: string) =>
  defineTransaction<TestDeps, string, string>({
    name,
    async run(deps, _input, { sql, runId, idempotencyKey }) {
      deps.ledger.add(`${runId} ${name} ${idempotencyKey}`)
      await sql.query('insert into public.retry_rows (name) values ($1)', [name])
      if (broken.has(name)) throw new GiveUp('refused', 'Refused for good.')
      return name
    },
  })

const child = defineFlow({
  ...about,
  name: 'retry_child',
  parameters: z.object({ name: z.string() }),
  async run(flow: Flow<TestDeps>, { name }) {
    await flow.task(noteAs(`${name}_first`), '')
    return flow.task(noteAs(name), '')
  },
})

async function doStep(flow: Flow<TestDeps>, { kind, name }: Step): Promise<unknown> {
  switch (kind) {
    case 'note':
      return flow.task(noteAs(name), '')
    case 'write':
      return flow.task(writeAs(name), '')
    case 'wait':
      return flow.waitFor(name, { within: 60 })
    case 'all':
      return flow.all(noteAs(name), ['', '2', '3'])
    case 'child':
      return flow.child(child, { name })
    case 'start':
      return flow.start(child, { name })
  }
}
const scripted = defineFlow({
  ...about,
  name: 'retry_scripted',
  parameters: z.object({ steps: z.array(z.object({ kind: z.enum(KINDS), name: z.string() })) }),
  async run(flow: Flow<TestDeps>, { steps }) {
    for (const step of steps) await doStep(flow, step)
    return steps.length
  },
})

let rig: DurableRig
beforeAll(async () => {
  rig = await openDurableRig([scripted, child], { ledger })
  await rig.database.query('create table public.retry_rows (name text not null)')
})
afterAll(() => rig?.close())

let scripts = 0
/** Runs a flow of these steps until it fails at its last one, and mends what failed it. */
async function failed(kinds: readonly Kind[], failing: 'note' | 'write' | 'all' | 'child') {
  scripts += 1
  const steps = [...kinds, failing].map((kind, n) => ({ kind, name: `s${scripts}_${n}_${kind}` }))
  const last = steps.at(-1)?.name as string
  broken.add(last)
  const asked = request(scripted, { steps })
  await rig.engine.start(asked)
  for (const { kind, name } of steps) if (kind === 'wait') await rig.engine.signal(asked.runId, name, name)
  expect((await rig.ended(asked.runId)).status).toBe('failed')
  broken.delete(last)
  return { runId: asked.runId, steps, last }
}

async function plan(runId: string, from?: string): Promise<RetryPlan> {
  const planned = await rig.engine.planRetry(runId, from)
  if (planned.kind !== 'plan') throw new Error(`No plan: ${JSON.stringify(planned)}`)
  return planned
}

/** The names of what does work of its own: tasks and transactions. */
const workOf = (tasks: RetryPlan['kept']) =>
  tasks.filter(({ kind }) => kind === 'task' || kind === 'transaction').map(({ name }) => name)
/** The names of what a run did from `mark` on. */
const said = (runId: string, mark: number) =>
  ledger.entries
    .slice(mark)
    .filter((entry) => entry.startsWith(`${runId} `))
    .map((entry) => entry.split(' ')[1] as string)
const childrenOf = async (runId: string) => (await runDetail(rig.database, runId))?.child_run_ids ?? []
const rows = async (name: string) =>
  (await rig.database.query('select from public.retry_rows where name = $1', [name])).length

const begets = ({ kind }: Step) => kind === 'child' || kind === 'start'

/** What was listed to run again did, once, and nothing else did. */
function expectWork({ runId, kept, runsAgain }: RetryPlan, mark: number): void {
  const listed = [...kept, ...runsAgain]
  expect(new Set(listed.map(({ taskRunId }) => taskRunId)).size).toBe(listed.length)
  expect(said(runId, mark).sort()).toEqual(workOf(runsAgain).sort())
  expect(said(runId, 0).sort()).toEqual([...workOf(listed), ...workOf(runsAgain)].sort())
}

/** A transaction among `twice` was applied twice, every other once. */
async function expectRows(steps: readonly Step[], twice: readonly Step[]): Promise<void> {
  for (const step of steps.filter(({ kind }) => kind === 'write')) {
    expect(await rows(step.name)).toBe(twice.includes(step) ? 2 : 1)
  }
}

/** So many are other runs than before; of those that were there, only those go again that the plan retries. */
async function expectChildren(
  { runId, children }: RetryPlan,
  { before, mark, anew }: { before: string[]; mark: number; anew: number },
): Promise<void> {
  expect(children.filter(({ becomes }) => becomes === 'started_anew')).toHaveLength(anew)
  expect(await childrenOf(runId)).toHaveLength(before.length + anew)
  for (const one of children) {
    expect(before).toContain(one.runId)
    if (one.becomes === 'retried') expect(await rig.status(one.runId)).toBe('completed')
    else expect(said(one.runId, mark)).toEqual([])
  }
}

describe('preview and retry', () => {
  test('say the same, and it is what happens', async () => {
    const script = fc.record({
      kinds: fc.array(fc.constantFrom(...KINDS), { maxLength: 4 }),
      failing: fc.constantFrom('note' as const, 'write' as const, 'all' as const, 'child' as const),
      from: fc.nat(),
    })
    await fc.assert(
      fc.asyncProperty(script, async ({ kinds, failing, from }) => {
        const { runId, steps, last } = await failed(kinds, failing)
        // The last choice is to leave the task out: it goes on where it failed.
        const chosen = steps[from % (steps.length + 1)]
        const fromTask = chosen && taskOf(chosen)
        const at = fromTask ? steps.findIndex((step) => taskOf(step) === fromTask) : steps.length - 1
        const before = await childrenOf(runId)
        // One that nobody awaits may still run, and the plan says how it stands.
        for (const id of before) await rig.ended(id)
        const preview = await plan(runId, fromTask)
        const mark = ledger.entries.length
        expect(await rig.engine.retryFrom(runId, fromTask)).toEqual(preview)
        expect(await rig.ended(runId)).toMatchObject({ status: 'completed', result: steps.length })
        const anew = fromTask !== undefined && (at < steps.length - 1 || failing === 'all')
        const again = steps.slice(at)
        expectWork(preview, mark)
        await expectRows(
          steps,
          again.filter(({ name }) => name !== last),
        )
        await expectChildren(preview, { before, mark, anew: anew ? again.filter(begets).length : 0 })
      }),
      { numRuns: 30 },
    )
  }, 240_000)

  test('is done as a whole or not at all', async () => {
    const { runId, steps } = await failed(['write', 'wait', 'child'], 'child')
    const from = steps[0]?.name as string
    const before = await onRecord(runId)
    // The last thing that a retry does: its run goes back to the queue.
    await rig.database.query(
      `create function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'died here'; end $$;
       create trigger refuse before update on dbos.workflow_status for each row
       when (new.workflow_uuid = '${runId}' and new.status = 'ENQUEUED') execute function public.refuse()`,
    )
    await expect(rig.engine.retryFrom(runId, from)).rejects.toThrow('died here')
    await expect(rig.engine.retryFrom(runId)).rejects.toThrow('died here')
    await rig.database.query('drop trigger refuse on dbos.workflow_status; drop function public.refuse()')
    expect(await onRecord(runId)).toEqual(before)
    await rig.engine.retryFrom(runId, from)
    expect((await rig.ended(runId)).status).toBe('completed')
  })
})

/** The name under which a step of the script is listed. */
const taskOf = (step: Step) => (begets(step) ? child.name : step.name)

/** All rows of the run that a retry changes, and its children's. */
async function onRecord(runId: string): Promise<unknown> {
  const queries = [
    'select * from dbos.workflow_status where workflow_uuid = any($1) order by 1',
    'select * from dbos.operation_outputs where workflow_uuid = any($1) order by 1, 2',
    'select * from dbos.workflow_output where workflow_uuid = any($1) order by 1',
    'select * from prefect.flow_runs where id = any($1) order by 1',
    'select * from prefect.run_waits where run_id = any($1) order by 1, 2',
    'select * from prefect.run_signals where run_id = any($1) order by 1',
    'select * from prefect.task_attempts where run_id = any($1) order by 1, 2, 3',
  ]
  const ids = [runId, ...(await childrenOf(runId))]
  return Promise.all(queries.map((text) => rig.database.query(text, [ids])))
}
