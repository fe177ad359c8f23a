import { z } from 'zod'
import { engineActs } from '../../../../src/platform/engine/durable/durable-engine.ts'
import { defineFlow, defineTask, type Flow } from '../../../../src/platform/engine/flow.ts'
import { defineSignal } from '../../../../src/platform/engine/signal.ts'
import { failedRuns } from '../../../../src/platform/inbox/failed-runs.ts'
import { createInbox, type Inbox } from '../../../../src/platform/inbox/inbox.ts'
import type { SettleAsked } from '../../../../src/platform/inbox/settle.ts'
import { waits } from '../../../../src/platform/inbox/waits.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { request } from '../../../support/engine-conformance/rig.ts'
import { eventually } from '../../../support/eventually.ts'

interface House {
  /** Whether the task of `breaks` works. */
  works: boolean
  cleaned: string[]
}

const about = {
  description: 'test',
  parameters: z.object({ room: z.string() }),
  subjects: ({ room }: { room: string }) => [`room:${room}`],
  estimatedMinutes: 1,
}

const approval = defineSignal({
  name: 'approval',
  title: 'Somebody must approve',
  who: 'front_office',
  payload: z.object({ approved: z.boolean(), amount: z.number().min(0).optional() }),
})

export const asks = defineFlow({
  ...about,
  name: 'asks_for_approval',
  run: async (flow: Flow<House>) => (await flow.waitFor(approval, { within: 3_600 })) ?? 'in vain',
})

const clean = defineTask<House, string, string>({
  name: 'clean',
  async run(house, room) {
    if (!house.works) throw Object.assign(new Error('The broom is broken.'), { code: 'broom' })
    house.cleaned.push(room)
    return room
  },
})
export const breaks = defineFlow({
  ...about,
  name: 'breaks',
  run: (flow: Flow<House>, { room }) => flow.task(clean, room),
})
export interface InboxRig {
  rig: DurableRig
  house: House
  inbox: Inbox
  /** The id of a new run, once it is so. */
  started(flow: Parameters<typeof request>[0], room: string, status: string): Promise<string>
  /** The open entry about the run, once there is one. */
  entryOf(runId: string): Promise<Awaited<ReturnType<Inbox['find']>>>
}

export async function openInboxRig(): Promise<InboxRig> {
  const house: House = { works: false, cleaned: [] }
  const rig = await openDurableRig([asks, breaks], house)
  const signals = new Map([[approval.name, approval]])
  const inbox = createInbox({
    database: rig.database,
    sources: [waits(signals, engineActs), failedRuns(engineActs, [])],
    wake: () => rig.worker.pollNow('default'),
  })
  return {
    rig,
    house,
    inbox,
    async started(flow, room, status) {
      const asked = request(flow, { room })
      await rig.engine.start(asked)
      await eventually(
        `${asked.runId} to be ${status}`,
        async () => (await rig.status(asked.runId)) === status,
      )
      return asked.runId
    },
    entryOf: (runId) =>
      eventually(`an entry of ${runId}`, async () => {
        const { entries } = await inbox.list({}, { limit: 200, offset: 0 })
        return entries.find(({ flow_run_id }) => flow_run_id === runId)
      }),
  }
}

/** Pressed by Lan, behind the key of the tablet, unless it says otherwise. */
export function pressing(entryId: string, action: string, more: Partial<SettleAsked> = {}): SettleAsked {
  return { entryId, action, payload: null, note: null, decidedBy: 'tablet', by: 'Lan', ...more }
}
