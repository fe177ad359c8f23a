import { expect, it } from 'vitest'
import { z } from 'zod'
import { FLOWS, type ServiceDeps } from '../../../src/hotel/catalogue.ts'
import type { WorkerOptions } from '../../../src/platform/engine/durable/worker.ts'
import { defineFlow, defineTask, type Flow, type FlowDefinition } from '../../../src/platform/engine/flow.ts'

const common = {
  description: 'for this test',
  parameters: z.object({}),
  subjects: () => [],
  estimatedMinutes: 1,
}
const frugal = defineFlow({
  ...common,
  name: 'frugal',
  run: async (_flow: Flow<Pick<ServiceDeps, 'database'>>) => 1,
})
const greedy = defineFlow({
  ...common,
  name: 'greedy',
  run: async (_flow: Flow<ServiceDeps & { minibar: string }>) => 1,
})

it('takes a flow that needs less than the service has; one that needs more does not compile', () => {
  // biome-ignore lint/suspicious/noExplicitAny: as in the catalogue
  const flows: readonly FlowDefinition<ServiceDeps, any, any>[] = [
    frugal,
    // @ts-expect-error the service has no minibar
    greedy,
  ]
  // @ts-expect-error nor has its worker
  const forWorker: WorkerOptions<ServiceDeps>['flows'] = [greedy]
  expect([...flows, ...forWorker].map(({ name }) => name)).toEqual(['frugal', 'greedy', 'greedy'])
})

it('nor does a flow whose task needs more than the flow has', () => {
  const restock = defineTask({
    name: 'restock',
    run: async (_deps: { minibar: string }, _input: string) => 1,
  })
  const flow = defineFlow({
    ...common,
    name: 'overdrawn',
    // @ts-expect-error the flow has no minibar
    run: (flow: Flow<ServiceDeps>) => flow.task(restock, 'water'),
  })
  expect(flow.name).toBe('overdrawn')
})

it('lists each name once: runs are stored under it', () => {
  const names = FLOWS.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})
