import { randomUUID } from 'node:crypto'
import { Connection, type SyncMessage } from 'rabbitmq-client'
import { vi } from 'vitest'
import { type EventPublisher, openPublisher } from '../../simulators/amqp-publisher.ts'

/** A test's own corner of a real RabbitMQ: exchanges and queues under a prefix nobody else has. */
export interface TestBroker {
  prefix: string
  queue: string
  deadLetterQueue: string
  connection: Connection
  /** Needs the queue to exist. */
  publish: EventPublisher['publish']
  /** Waits until this many messages are ready in the queue. */
  waitForMessages(queue: string, count: number): Promise<void>
  /** Takes the next message out, waiting for it. */
  take(queue: string): Promise<SyncMessage>
  /** Deletes everything and disconnects. */
  close(): Promise<void>
}

export async function openTestBroker(url: string): Promise<TestBroker> {
  const prefix = `test-${randomUUID().slice(0, 8)}.`
  // Spelled out: these are the names that the hotel's other services publish to.
  const queue = `${prefix}attendance.events`
  const deadLetterQueue = `${queue}.dlq`
  const connection = new Connection({ url, connectionName: 'test' })
  connection.on('error', () => {})
  const publisher = await openPublisher(url, { prefix })
  const within = { timeout: 20_000, interval: 20 }

  return {
    prefix,
    queue,
    deadLetterQueue,
    connection,
    publish: publisher.publish,
    waitForMessages: (queue, count) =>
      vi.waitFor(async () => {
        const { messageCount } = await connection.queueDeclare({ queue, passive: true })
        if (messageCount !== count) throw new Error(`${queue} has ${messageCount} messages, not ${count}`)
      }, within),
    take: (queue) =>
      vi.waitFor(async () => {
        const message = await connection.basicGet({ queue, noAck: true })
        if (message === undefined) throw new Error(`${queue} is empty`)
        return message
      }, within),
    async close() {
      await publisher.close()
      for (const name of [queue, deadLetterQueue]) await connection.queueDelete(name)
      for (const exchange of [`${prefix}hotel.events`, `${prefix}hotel.events.dlx`]) {
        await connection.exchangeDelete({ exchange })
      }
      await connection.close()
    },
  }
}
