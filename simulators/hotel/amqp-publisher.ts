import { Connection } from 'rabbitmq-client'

export interface EventPublisher {
  /**
   * Sends one event and resolves when the broker has it on disk. A Buffer goes out as it is, anything else as JSON.
   * Throws when no queue takes it, or the broker is away.
   */
  publish(kind: string, body: unknown, messageId?: string): Promise<void>
  close(): Promise<void>
}

/** What the hotel's other services do: publishes to the topic exchange `hotel.events`, with confirms. */
export async function openPublisher(url: string, { prefix = '' } = {}): Promise<EventPublisher> {
  const exchange = `${prefix}hotel.events`
  const connection = new Connection({ url, connectionName: 'hotel simulator' })
  let lastError: unknown
  connection.on('error', (error) => {
    lastError = error
  })
  await connection.onConnect(10_000).catch(() => {
    throw new Error(`RabbitMQ does not answer at ${new URL(url).host}.`, { cause: lastError })
  })
  const publisher = connection.createPublisher({
    confirm: true,
    maxAttempts: 3,
    exchanges: [{ exchange, type: 'topic', durable: true }],
  })
  const returned = new Set<unknown>()
  publisher.on('basic.return', (message) => returned.add(message.correlationId))
  let sent = 0

  return {
    async publish(kind, body, messageId) {
      const correlationId = String(++sent)
      const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
      const envelope = { exchange, routingKey: kind, durable: true, mandatory: true, correlationId }
      await publisher.send(
        { ...envelope, contentType: 'application/json', ...(messageId === undefined ? {} : { messageId }) },
        bytes,
      )
      // An unroutable message is returned just before it is confirmed.
      await new Promise((resolve) => setImmediate(resolve))
      if (returned.delete(correlationId)) throw new Error(`No queue takes events of kind ${kind} yet.`)
    },
    async close() {
      await publisher.close()
      await connection.close()
    },
  }
}
