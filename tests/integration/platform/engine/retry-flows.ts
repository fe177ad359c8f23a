/** Flows whose parts fail when they are told to, and what they were given. */
import { z } from 'zod'
import { GiveUp } from '../../../../src/platform/engine/errors.ts'
import {
  type AnyFlow,
  defineFlow,
  defineTask,
  defineTransaction,
  type Flow,
  type Undo,
} from '../../../../src/platform/engine/flow.ts'

const about = { description: 'test', parameters: z.object({}), subjects: () => [], estimatedMinutes: 1 }
/** What is to fail, by name. */
export const broken = new Set<string>()
const failIfBroken = (name: string) => {
  if (broken.has(name)) throw new GiveUp('broken', `${name} is broken.`)
}
/** The idempotency keys that each was given, by run and name. */
export const keys = new Map<string, string[]>()
export const undoneKeys: string[] = []

const act = defineTask<object, string, string>({
  name: 'act',
  async run(_deps, name, { idempotencyKey, runId }) {
    const known = `${runId} ${name}`
    keys.set(known, [...(keys.get(known) ?? []), idempotencyKey])
    failIfBroken(name)
    return name
  },
})
const last = defineTask<object, string, string>({ ...act, name: 'last' })
const write = defineTransaction<object, string, void>({
  name: 'write',
  async run(_deps, name, { sql, runId, part }) {
    await part('insert_row', () => sql.query('insert into public.written (run_id) values ($1)', [runId]))
    failIfBroken(name)
  },
})
const takeBack: Undo<object, string, string> = defineTask({
  name: 'take_back',
  run: async (_deps, { actKey }) => void undoneKeys.push(actKey),
})

export const below = defineFlow({
  ...about,
  name: 'below',
  async run(flow: Flow<object>) {
    await flow.task(act, 'below 1')
    await flow.task(last, 'below 2')
  },
})
export const aside = defineFlow({
  ...about,
  name: 'aside',
  run: async (flow: Flow<object>) => flow.task(act, 'aside'),
})
export const everything = defineFlow({
  ...about,
  name: 'everything',
  async run(flow: Flow<object>) {
    await flow.task(act, 'act')
    await flow.now()
    await flow.task(write, 'write')
    await flow.waitFor('go', { within: 3_600 })
    await flow.child(below as AnyFlow, {})
    await flow.all(act, ['fan 0', 'fan 1', 'fan 2'])
    await flow.start(aside as AnyFlow, {})
    await flow.task(last, 'last')
  },
})
export const saga = defineFlow({
  ...about,
  name: 'saga',
  run: (flow: Flow<object>) =>
    flow.saga(async (acts) => {
      await acts.act(act, 'first', takeBack)
      await acts.act(last, 'second', takeBack)
    }),
})
export const waits = defineFlow({
  ...about,
  name: 'waits',
  async run(flow: Flow<object>) {
    await flow.task(act, 'before')
    await flow.waitFor('go', { within: 3_600 })
  },
})
export const judged = defineFlow({
  ...about,
  name: 'judges',
  async run(flow: Flow<object>) {
    await flow.task(act, 'judge')
    failIfBroken('verdict')
  },
})
