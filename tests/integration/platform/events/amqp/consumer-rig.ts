import { Writable } from 'node:stream'
import { pino } from 'pino'
import { expect, vi } from 'vitest'
import { EVENT_EXCHANGE, EVENT_KINDS } from '../../../../../src/hotel/event-kinds.ts'
import {
  type ConsumerOptions,
  type EventConsumers,
  startConsumers,
} from '../../../../../src/platform/events/amqp/consumer.ts'
import { openTestBroker, type TestBroker } from '../../../../support/service-broker.ts'

export const within = { timeout: 20_000, interval: 20 }
export const punch = {
  employee_id: 'EMP001',
  timestamp: '2025-01-18T08:00:00Z',
  action: 'check_in',
  confidence: 0.9,
}

type Options = Pick<ConsumerOptions, 'intake'> & Partial<ConsumerOptions>

/** Consumers of a corner of a real RabbitMQ, and what they log. */
export interface ConsumerRig {
  broker: TestBroker
  logged: string[]
  /** What was logged at warn and above. */
  warnings(): object[]
  start(options: Options): Promise<EventConsumers>
  /** And waits until every queue is consumed. */
  startReady(options: Options): Promise<EventConsumers>
  close(): Promise<void>
}

export async function openConsumerRig(url: string): Promise<ConsumerRig> {
  const queues = EVENT_KINDS.map(({ queue }) => queue)
  const broker = await openTestBroker(url, queues)
  const running: EventConsumers[] = []
  const logged: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logged.push(String(chunk))
      done()
    },
  })

  async function start(options: Options) {
    const consumers = await startConsumers({
      url,
      exchange: EVENT_EXCHANGE,
      kinds: EVENT_KINDS,
      prefix: broker.prefix,
      logger: pino({ level: 'info' }, sink),
      retryDelay: { firstSeconds: 0.005, longestSeconds: 0.02 },
      ...options,
    })
    running.push(consumers)
    return consumers
  }

  return {
    broker,
    logged,
    warnings: () => logged.map((line) => JSON.parse(line)).filter(({ level }) => level >= 40),
    start,
    async startReady(options) {
      const consumers = await start(options)
      await vi.waitFor(() => expect(consumers.connected()).toBe(true), within)
      return consumers
    },
    async close() {
      await Promise.all(running.map((consumers) => consumers.close()))
      await broker.close()
    },
  }
}
