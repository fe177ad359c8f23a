/** The inbox as people meet it: over HTTP, with a worker that does what they decide. */
import type { FastifyInstance } from 'fastify'
import { expect } from 'vitest'
import { z } from 'zod'
import { openInbox } from '../../../src/app/inbox.ts'
import { readConfig } from '../../../src/config.ts'
import { FLOWS } from '../../../src/hotel/catalogue.ts'
import { SIGNALS } from '../../../src/hotel/signals.ts'
import type { InboxEntry } from '../../../src/platform/contract/inbox.ts'
import { GiveUp } from '../../../src/platform/engine/errors.ts'
import { type AnyFlow, defineFlow, defineTask } from '../../../src/platform/engine/flow.ts'
import { type AnySignal, defineSignal } from '../../../src/platform/engine/signal.ts'
import { buildServer } from '../../../src/platform/http/server.ts'
import { createMetrics } from '../../../src/platform/observability/metrics.ts'
import type { Database } from '../../../src/platform/postgres/pool.ts'
import { createTestDatabase } from '../../support/database.ts'
import { type DurableRig, openDurableRig } from '../../support/durable-rig.ts'
import { eventually } from '../../support/eventually.ts'
import { sandboxDeps } from '../../support/sandbox-deps.ts'
import { type Answer, type CallOptions, call, httpDeps } from '../platform/http/http-rig.ts'

const roomChoice = defineSignal({
  name: 'room_choice',
  title: 'The guest chooses a room',
  who: 'front_office',
  payload: z.strictObject({ room_number: z.string().max(20), nights: z.int().min(1) }),
})

const waiting = defineFlow({
  name: 'wait_for_choice',
  description: 'Waits for the guest',
  parameters: z.object({ guest: z.string(), within: z.number() }),
  subjects: ({ guest }) => [`guest:${guest}`],
  estimatedMinutes: 1,
  run: async (flow, { within }) => ({ chosen: (await flow.waitFor(roomChoice, { within })) ?? null }),
})

/** Whether the outside world is well: what `fragile` does goes by it. */
export const world = { works: false, done: 0 }

const fragileTask = defineTask<unknown, object, null>({
  name: 'call_outside',
  retry: { attempts: 1 },
  async run() {
    if (!world.works) throw new GiveUp('outside_down', 'The service is down.')
    world.done += 1
    return null
  },
})
const fragile = defineFlow({
  name: 'fragile',
  description: 'Fails while the world does',
  parameters: z.object({}),
  subjects: () => ['room:201'],
  estimatedMinutes: 1,
  run: (flow) => flow.task(fragileTask, {}),
})
const outer = defineFlow({
  name: 'outer',
  description: 'Fails with its child',
  parameters: z.object({}),
  subjects: () => ['room:202'],
  estimatedMinutes: 1,
  run: (flow) => flow.child(fragile, {}),
})
const act = defineTask<unknown, object, null>({ name: 'act', run: async () => null })
const undo = defineTask<unknown, object, void>({
  name: 'undo_act',
  retry: { attempts: 1 },
  run: () => Promise.reject(new GiveUp('cannot_undo', 'It cannot be taken back.')),
})
const stuck = defineFlow({
  name: 'stuck',
  description: 'Cannot be undone',
  parameters: z.object({}),
  subjects: () => ['booking:B9'],
  estimatedMinutes: 1,
  run: (flow) =>
    flow.saga(async (saga) => {
      await saga.act(act, {}, undo)
      await flow.task(fragileTask, {})
    }),
})

const FLOWS_HERE: readonly AnyFlow[] = [...FLOWS, waiting, fragile, outer, stuck]

export interface InboxRig {
  app: FastifyInstance
  database: Database
  durable: DurableRig
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  start(name: string, runId: string, parameters: object): Promise<void>
  entries(query?: string): Promise<InboxEntry[]>
  /** The one open entry of the run or event, once it is there. */
  entryOf(kind: string, id: string): Promise<InboxEntry>
  settle(id: string, action: string, body?: object): Promise<Answer>
  close(): Promise<void>
}

export async function openInboxRig(): Promise<InboxRig> {
  const test = await createTestDatabase({ max: 20 })
  const { database } = test
  const attendance = { minConfidence: 0.85, graceMinutes: 5, timezone: 'Asia/Ho_Chi_Minh' }
  const deps = { ...(await sandboxDeps(database, { roomsFromEvents: 'no' })), attendance }
  const durable = await openDurableRig(FLOWS_HERE, deps, undefined, test)
  const flows = new Map(FLOWS_HERE.map((flow): [string, AnyFlow] => [flow.name, flow]))
  const signals = new Map([...SIGNALS, roomChoice].map((one): [string, AnySignal] => [one.name, one]))
  const wake = (queue: string) => durable.worker.pollNow(queue)
  const inbox = openInbox(readConfig({}), { database, flows, metrics: createMetrics(), wake }, signals)
  const app = await buildServer(httpDeps(database, durable.engine, { inbox, signals, flows }))
  const entries = async (query = '') => {
    const { status, body } = await call(app, 'GET', `inbox${query}`)
    if (status !== 200) throw new Error(`inbox answered ${status}: ${JSON.stringify(body)}`)
    return body.entries as InboxEntry[]
  }
  return {
    app,
    database,
    durable,
    call: (method, path, options) => call(app, method, path, options),
    async start(name, runId, parameters) {
      const flow = flows.get(name)
      if (!flow) throw new Error(`no flow ${name}`)
      await durable.engine.start({ runId, flow, parameters: flow.parameters.parse(parameters) })
    },
    entries,
    entryOf: (kind, id) =>
      eventually(`a ${kind} of ${id}`, async () =>
        (await entries(`?kind=${kind}`)).find((one) => [one.flow_run_id, one.event_id].includes(id)),
      ),
    settle: (id, action, body = {}) =>
      call(app, 'POST', `inbox/${encodeURIComponent(id)}/${action}`, { body, key: 'workflows:write' }),
    async close() {
      await app.close()
      await durable.close()
      await test.drop()
    },
  }
}

/** Two people press at the same moment: one settles it, and the other hears who did. */
export async function bothPress(rig: InboxRig, id: string, action: string, other = action, payload?: object) {
  const body = payload === undefined ? {} : { payload }
  const answers = await Promise.all([
    rig.settle(id, action, { ...body, by: 'Lan', note: 'seen' }),
    rig.settle(id, other, { ...(other === action ? body : {}), by: 'Minh' }),
  ])
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409])
  const [won, lost] = answers.toSorted((a, b) => a.status - b.status)
  const { by, action: done } = won?.body ?? {}
  expect(won?.body).toMatchObject({
    id,
    decided_by: 'key-workflows:write',
    note: by === 'Lan' ? 'seen' : null,
  })
  expect(lost?.body).toMatchObject({
    code: 'already_decided',
    detail: expect.stringContaining(
      `${done}, by ${by} (key "key-workflows:write"), at ${won?.body.decided_at}`,
    ),
    decision: { action: done, by, decided_by: 'key-workflows:write' },
  })
  expect((await rig.entries()).map((entry) => entry.id)).not.toContain(id)
  return { won: won?.body, by: by as string }
}
