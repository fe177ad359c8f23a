/** The flows both engines run in the conformance suite. */
import { z } from 'zod'
import { FlowFailure, GiveUp, TryAgain } from '../../../src/platform/engine/errors.ts'
import {
  type AnyFlow,
  defineFlow,
  defineTask,
  defineTransaction,
  type Undo,
} from '../../../src/platform/engine/flow.ts'
import { signalNamed } from '../signals.ts'
import type { TestDeps } from './rig.ts'

const Anything = z.record(z.string(), z.unknown())
const common = { description: 'test', parameters: Anything, subjects: () => ['test:1'], estimatedMinutes: 1 }

/** Notes that it ran; fails as often as it is told, `by` naming how. */
const noted = new Map<string, number>()
const note = defineTask<TestDeps, Record<string, unknown>, unknown>({
  name: 'note',
  retry: { attempts: 3, firstDelaySeconds: 0.02, jitter: 0 },
  timeoutSeconds: 5,
  async run({ ledger }, input, { idempotencyKey, attempt, lastAttempt }) {
    ledger.add(String(input.say))
    const seen = (noted.get(idempotencyKey) ?? 0) + 1
    noted.set(idempotencyKey, seen)
    if (seen <= Number(input.failures ?? 0)) {
      if (input.by === 'give_up') throw new GiveUp('refused', 'Refused for good.')
      if (input.by === 'nul') throw new Error('half\u0000 a \ud83d pair')
      if (input.by === 'later') throw new TryAgain('busy', 'Busy.', Number(input.after))
      throw new Error(`${lastAttempt ? 'last ' : ''}attempt ${attempt} failed`)
    }
    return { said: input.say, key: idempotencyKey, attempt, 'odd\u0000': 'nul \u0000' }
  },
})

const slow = defineTask<TestDeps, { say: string; ms: number }, string>({
  name: 'slow',
  timeoutSeconds: 0.2,
  async run({ ledger }, { say, ms }, { signal }) {
    await new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        ledger.add(`${say} aborted`)
        reject(signal.reason)
      })
    })
    return say
  },
})

/** Runs until it is told to stop. */
const endless = defineTask<TestDeps, string, void>({
  name: 'endless',
  async run({ ledger }, say, { signal }) {
    ledger.add(say)
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  },
})

const cachedTask = defineTask<TestDeps, string, number>({
  name: 'cached',
  cache: { key: (input) => input, expiresInSeconds: 60 },
  async run({ ledger }, input) {
    ledger.add(`computed ${input}`)
    return ledger.entries.length
  },
})

const writeRow = defineTransaction<TestDeps, { id: string; fail?: boolean }, string>({
  name: 'write_row',
  lock: ({ id }) => `row:${id}`,
  async run(_deps, { id, fail }, { sql, part }) {
    await part('insert_row', () => sql.query('insert into public.conformance_rows (id) values ($1)', [id]))
    await part('look_at_row', () => {
      if (fail) throw new GiveUp('no_good', 'No good.')
    })
    return id
  },
})

const undoAs = (name: string, fails = false): Undo<TestDeps, Record<string, unknown>, unknown> =>
  defineTask({
    name,
    async run({ ledger }, { input, result, actKey }) {
      ledger.add(
        `${name} ${input.say} ${result === undefined ? 'maybe' : 'done'} ${actKey.split('.').at(-1)}`,
      )
      if (fails) throw new GiveUp('stuck', 'Cannot be undone.')
    },
  })

interface Stay {
  id: string
  /** Of the undo, before it succeeds. */
  failures?: number
  /** Transactions with the same one take turns. */
  lock?: string
}

/** Undone by another row: a second application would be refused, or show. */
const removeRow: Undo<TestDeps, Stay, string> = defineTransaction({
  name: 'remove_row',
  lock: ({ input }) => `row:${input.lock ?? input.id}`,
  retry: { attempts: 3, firstDelaySeconds: 0.02, jitter: 0 },
  async run({ ledger }, { input: { id, failures = 0 }, result }, { sql, signal, attempt }) {
    ledger.add(`removing ${id}`)
    await sql.query('insert into public.conformance_rows (id) values ($1)', [`${id} removed`])
    // Whoever else is let in now, comes in here.
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
    ledger.add(`removed ${id} ${result ?? 'maybe'} ${signal.aborted ? 'stopped' : 'free'}`)
    if (attempt <= failures) throw new Error('Not yet.')
  },
})

export const stay = defineFlow({
  ...common,
  name: 'stay',
  run: (flow, { stays, next }: Record<string, unknown>) =>
    flow.saga(async (saga) => {
      for (const one of stays as Stay[]) await saga.act(writeRow, one, removeRow)
      if (next === 'hang') await flow.task(endless, `hanging ${(stays as Stay[])[0]?.id}`)
      throw new FlowFailure('no_stay', 'It was not to be.')
    }),
})

/** One act, taken back in two steps; `fails` names the step that does. */
export const letter = defineFlow({
  ...common,
  name: 'letter',
  run: (flow, { say, fails }: Record<string, unknown>) =>
    flow.saga(async (saga) => {
      const [first, second] = [undoAs('call_back', fails === 'first'), undoAs('note_it')]
      await saga.act(note, { say: 'stamp' }, undoAs('peel_off'))
      await saga.act(note, { say }, first, second)
      throw new FlowFailure('regret', 'It should not have been sent.')
    }),
})

/** Starts another run and ends before, or `hang`s. */
export const starter = defineFlow({
  ...common,
  name: 'starter',
  async run(flow, { says, hang }: Record<string, unknown>) {
    const child = await flow.start(sayAll as AnyFlow, { says })
    if (typeof hang === 'string') await flow.task(endless, hang)
    return { child }
  },
})

export const sayAll = defineFlow({
  ...common,
  name: 'say_all',
  async run(flow, { says }: Record<string, unknown>) {
    const said: unknown[] = []
    for (const input of says as Record<string, unknown>[]) said.push(await flow.task(note, input))
    flow.log('said all', { count: said.length, 'odd\u0000': 'x\u0000' })
    return said
  },
})

export const sayTogether = defineFlow({
  ...common,
  name: 'say_together',
  async run(flow, { says, concurrency }: Record<string, unknown>) {
    const inputs = says as Record<string, unknown>[]
    return (await flow.all(note, inputs, { concurrency: Number(concurrency ?? 2) })).length
  },
})

export const tooSlow = defineFlow({
  ...common,
  name: 'too_slow',
  run: (flow) => flow.task(slow, { say: 'slow', ms: 60_000 }),
})

export const runsForever = defineFlow({
  ...common,
  name: 'runs_forever',
  run: (flow, { say }: Record<string, unknown>) => flow.task(endless, String(say ?? 'forever')),
})

export const cachedTwice = defineFlow({
  ...common,
  name: 'cached_twice',
  async run(flow, { key }: Record<string, unknown>) {
    return [await flow.task(cachedTask, String(key)), await flow.task(cachedTask, String(key))]
  },
})

export const writesRow = defineFlow({
  ...common,
  name: 'writes_row',
  run: (flow, { id, fail }: Record<string, unknown>) =>
    flow.task(writeRow, { id: String(id), fail: fail === true }),
})

export const sleeper = defineFlow({
  ...common,
  name: 'sleeper',
  async run(flow, { seconds }: Record<string, unknown>) {
    const before = await flow.now()
    const id = await flow.uuid()
    await flow.sleep(Number(seconds))
    const after = await flow.now()
    return { id, slept: after.getTime() - before.getTime() }
  },
})

export const waiter = defineFlow({
  ...common,
  name: 'waiter',
  async run(flow, { within }: Record<string, unknown>) {
    await flow.task(note, { say: 'waiting' })
    const got = await flow.waitFor(signalNamed('task_finished'), { within: Number(within) })
    return { got: got === undefined ? 'nothing' : got }
  },
})

export const parent = defineFlow({
  ...common,
  name: 'parent',
  run: (flow, parameters: Record<string, unknown>) => flow.child(sayAll as AnyFlow, parameters),
})

export const travel = defineFlow({
  ...common,
  name: 'travel',
  run: (flow, { next, undoFails }: Record<string, unknown>) =>
    flow.saga(async (saga) => {
      await saga.act(note, { say: 'flight' }, undoAs('undo_flight'))
      await saga.act(note, { say: 'hotel' }, undoAs('undo_hotel', undoFails === true))
      if (next === 'fail')
        await saga.act(note, { say: 'car', failures: 9, by: 'give_up' }, undoAs('undo_car'))
      if (next === 'fail_once') {
        await saga.act(note, { say: 'car', failures: 1, by: 'give_up' }, undoAs('undo_car'))
      }
      if (next === 'hang') await flow.task(endless, 'hanging')
      return 'travelled'
    }),
})

export const judged = defineFlow({
  ...common,
  name: 'judged',
  async run(flow) {
    await flow.task(note, { say: 'judging' })
    throw new FlowFailure('low_confidence', 'Too low.', 'judge')
  },
})

export const trip = defineFlow({
  ...common,
  name: 'trip',
  run: (flow, parameters: Record<string, unknown>) => flow.child(travel as AnyFlow, parameters),
})

export const ALL: AnyFlow[] = [
  stay,
  letter,
  starter,
  trip,
  sayAll,
  sayTogether,
  tooSlow,
  runsForever,
  cachedTwice,
  writesRow,
  sleeper,
  waiter,
  parent,
  travel,
  judged,
]
