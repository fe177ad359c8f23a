import { randomUUID } from 'node:crypto'
import { Connection, type SyncMessage } from 'rabbitmq-client'
import { vi } from 'vitest'
import { type EventPublisher, openPublisher } from '../../simulators/hotel/amqp-publisher.ts'

/** A test's own corner of a real RabbitMQ: exchanges and queues under a prefix nobody else has. */
export interface TestBroker {
  prefix: string
  /** The queue of attendance, and where its dead letters go. */
  queue: string
  deadLetterQueue: string
  connection: Connection
  /** Needs the queue to exist. */
  publish: EventPublisher['publish']
  /** The queue that events of this kind arrive in; its dead letters: the same with `.dlq`. */
  queueOf(kind: keyof typeof QUEUES): string
  /** Waits until this many messages are ready in the queue. */
  waitForMessages(queue: string, count: number): Promise<void>
  /** Takes the next message out, waiting for it. */
  take(queue: string): Promise<SyncMessage>
  /** Deletes everything and disconnects. */
  close(): Promise<void>
}

/** Spelled out: these are the names that the hotel's other services publish to. */
const QUEUES = {
  attendance: 'attendance.events',
  room_status: 'room.events',
  booking: 'booking.events',
  ml_prediction: 'ml.events',
  anomaly: 'anomaly.events',
}

/** `queues`: all that the service will declare, to be deleted. */
export async function openTestBroker(
  url: string,
  queues: readonly string[] = Object.values(QUEUES),
): Promise<TestBroker> {
  const prefix = `test-${randomUUID().slice(0, 8)}.`
  const queueOf = (kind: keyof typeof QUEUES) => `${prefix}${QUEUES[kind]}`
  const queue = queueOf('attendance')
  const connection = new Connection({ url, connectionName: 'test' })
  connection.on('error', () => {})
  const publisher = await openPublisher(url, { prefix })
  const within = { timeout: 20_000, interval: 20 }

  return {
    prefix,
    queue,
    deadLetterQueue: `${queue}.dlq`,
    connection,
    publish: publisher.publish,
    queueOf,
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
      for (const name of queues) {
        await connection.queueDelete(`${prefix}${name}`)
        await connection.queueDelete(`${prefix}${name}.dlq`)
      }
      for (const exchange of [`${prefix}hotel.events`, `${prefix}hotel.events.dlx`]) {
        await connection.exchangeDelete({ exchange })
      }
      await connection.close()
    },
  }
}
