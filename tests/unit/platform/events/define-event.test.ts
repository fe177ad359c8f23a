import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { eventQueues } from '../../../../src/platform/events/amqp/topology.ts'
import { defineEvent } from '../../../../src/platform/events/define-event.ts'
import { createIntake, type IntakeDeps } from '../../../../src/platform/events/intake.ts'

const ward = {
  name: 'ward',
  summary: 'A bed changed',
  schema: z.object({ bed: z.string(), timestamp: z.string() }),
  queue: 'ward.events',
  routingKeys: ['ward.#'],
  flows: ['change_bed', 'count_beds'],
} as const
const event = { bed: '7b', timestamp: '2025-01-17T10:00:00Z' }
const accepted = {
  eventId: 'evt_1',
  runs: [{ workflow: 'change_bed', flow_run_id: 'fr_1' }],
  replayed: false,
}

describe('an event that says no more than it must', () => {
  const plain = defineEvent({ ...ward, message: 'Noted' })

  it('starts all its flows, reserves none, and lists their runs', () => {
    expect(plain.starts(event)).toEqual(['change_bed', 'count_beds'])
    expect(plain.reserves(event)).toEqual([])
    const answer = plain.answer.of(accepted, plain.message(event))
    expect(plain.answer.schema.parse(answer)).toEqual({
      event_id: 'evt_1',
      status: 'accepted',
      workflows_triggered: accepted.runs,
      message: 'Noted',
    })
  })

  it('has its queue and its dead letters, under the prefix', () => {
    expect(eventQueues('hospital', [plain], 'test-')).toEqual([
      {
        kind: 'ward',
        exchange: 'test-hospital',
        deadLetterExchange: 'test-hospital.dlx',
        routingKeys: ['ward.#'],
        queue: 'test-ward.events',
        deadLetterQueue: 'test-ward.events.dlq',
      },
    ])
  })

  it('is refused at the start when the service has no such flow', () => {
    const deps = { kinds: [plain], flows: new Map([['change_bed', {}]]) } as unknown as IntakeDeps
    expect(() => createIntake(deps)).toThrow(
      'The event ward starts count_beds, which is no flow of this service.',
    )
  })
})

it('decides by the event what it starts, reserves and says', () => {
  const choosing = defineEvent({
    ...ward,
    message: ({ bed }) => `Bed ${bed} noted`,
    starts: ({ bed }) => (bed === '7b' ? ['change_bed'] : []),
    reserves: ({ bed }) => (bed === '7b' ? ['count_beds'] : []),
  })
  expect(choosing.starts(event)).toEqual(['change_bed'])
  expect(choosing.reserves(event)).toEqual(['count_beds'])
  expect(choosing.message(event)).toBe('Bed 7b noted')
  expect(choosing.starts({ ...event, bed: '8' } as typeof event)).toEqual([])
})
