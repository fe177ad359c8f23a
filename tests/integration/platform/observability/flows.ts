import { z } from 'zod'
import { FlowFailure, GiveUp } from '../../../../src/platform/engine/errors.ts'
import { defineFlow, defineTask, type Flow } from '../../../../src/platform/engine/flow.ts'

/** In messages of errors and in parameters: must never leave the process. */
export const PRIVATE = 'Nguyễn Canary, canary@example.com'

const shared = { description: 'A test', parameters: z.any(), subjects: () => [], estimatedMinutes: 1 }

const work = defineTask<object, null, null>({ name: 'work', run: async () => null })
const stumble = defineTask<object, null, null>({
  name: 'stumble',
  async run() {
    throw new TypeError(`No room for ${PRIVATE}\n    at Canary (secret:1:1)`)
  },
})
const refused = defineTask<object, null, null>({
  name: 'be_refused',
  async run() {
    throw new GiveUp('pms_unauthorized', PRIVATE)
  },
})

export const wellFlow = defineFlow({
  ...shared,
  name: 'goes_well',
  run: (flow: Flow<object>) => flow.task(work, null),
})
export const buggyFlow = defineFlow({
  ...shared,
  name: 'has_a_bug',
  run: (flow: Flow<object>) => flow.task(stumble, null),
})
export const refusedFlow = defineFlow({
  ...shared,
  name: 'is_refused',
  run: (flow: Flow<object>) => flow.task(refused, null),
})
export const decidingFlow = defineFlow({
  ...shared,
  name: 'decides_to_fail',
  async run() {
    throw new FlowFailure('low_confidence', PRIVATE)
  },
})
export const parentFlow = defineFlow({
  ...shared,
  name: 'has_a_child',
  run: (flow: Flow<object>) => flow.child(buggyFlow, null),
})
