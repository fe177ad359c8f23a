/** How the hotel's other services send their events: over HTTP, or RabbitMQ where there is one. */

import type { EventName } from '../../src/hotel/event-kinds.ts'
import { BASE } from '../../src/platform/contract/api.ts'
import { openPublisher } from './amqp-publisher.ts'

export interface OutgoingEvent {
  kind: EventName
  /** JSON, or with `raw` what a broken sender sends instead. */
  body: unknown
  raw?: string
  key: string
}

export interface EventSender {
  readonly via: 'HTTP' | 'RabbitMQ'
  /** True: taken, or refused for good; false: send it again. */
  send(event: OutgoingEvent): Promise<boolean>
  close(): Promise<void>
}

export async function openSender(serviceUrl: string, rabbitmqUrl: string | undefined): Promise<EventSender> {
  if (rabbitmqUrl === undefined) {
    return { via: 'HTTP', send: (event) => post(serviceUrl, event), close: async () => {} }
  }
  const publisher = await openPublisher(rabbitmqUrl)
  return {
    via: 'RabbitMQ',
    send: ({ kind, body, raw, key }) =>
      publisher.publish(kind, raw === undefined ? body : Buffer.from(raw), key).then(
        () => true,
        () => false,
      ),
    close: () => publisher.close(),
  }
}

async function post(serviceUrl: string, { kind, body, raw, key }: OutgoingEvent): Promise<boolean> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key }
  try {
    const url = `${serviceUrl}${BASE}/events/${kind}`
    const answer = await fetch(url, { method: 'POST', headers, body: raw ?? JSON.stringify(body) })
    await answer.arrayBuffer()
    return answer.status < 500 && answer.status !== 429
  } catch {
    return false
  }
}
