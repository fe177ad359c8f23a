import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { EVENT_EXCHANGE, EVENT_KINDS } from '../../../../../src/hotel/event-kinds.ts'
import { EventRefused } from '../../../../../src/platform/contract/intake.ts'
import {
  type ConsumerOptions,
  type EventConsumers,
  startConsumers,
} from '../../../../../src/platform/events/amqp/consumer.ts'
import { openTestBroker, type TestBroker } from '../../../../support/service-broker.ts'
import { startServiceProxy } from '../../../../support/service-proxy.ts'
import { describeWithRabbitMQ } from '../../../../support/services.ts'
import { recordingIntake } from './recording-intake.ts'

const within = { timeout: 20_000, interval: 20 }
const punch = {
  employee_id: 'EMP001',
  timestamp: '2025-01-18T08:00:00Z',
  action: 'check_in',
  confidence: 0.9,
}

describeWithRabbitMQ('RabbitMQ consumers', (url) => {
  let broker: TestBroker
  let running: EventConsumers[]
  let logged: string[]

  beforeEach(async () => {
    broker = await openTestBroker(url)
    running = []
    logged = []
  })
  afterEach(async () => {
    await Promise.all(running.map((consumers) => consumers.close()))
    await broker.close()
  })

  async function start(options: Pick<ConsumerOptions, 'intake'> & Partial<ConsumerOptions>) {
    const sink = new Writable({
      write(chunk, _encoding, done) {
        logged.push(String(chunk))
        done()
      },
    })
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

  async function startReady(options: Pick<ConsumerOptions, 'intake'> & Partial<ConsumerOptions>) {
    const consumers = await start(options)
    await vi.waitFor(() => expect(consumers.connected()).toBe(true), within)
    return consumers
  }

  it('hands over an event with its key and acknowledges it only when it is on disk', async () => {
    const proxy = await startServiceProxy(url)
    let commit = () => {}
    const committed = new Promise<void>((resolve) => {
      commit = resolve
    })
    const intake = recordingIntake(() => committed)
    const first = await startReady({ intake, url: proxy.url })
    await broker.publish('attendance.check_in', punch, 'key-1')
    await vi.waitFor(() => expect(intake.offered).toHaveLength(1), within)
    expect(intake.offered[0]).toEqual({
      kind: 'attendance',
      source: 'amqp',
      body: punch,
      text: JSON.stringify(punch),
      senderKey: 'key-1',
      receivedFrom: broker.queue,
    })
    await proxy.cut()
    await broker.waitForMessages(broker.queue, 1)

    await proxy.restore()
    await vi.waitFor(() => expect(intake.offered).toHaveLength(2), within)
    commit()
    await intake.waitForAccepted(2)
    await first.close()
    await proxy.close()
    const afterwards = recordingIntake()
    await startReady({ intake: afterwards })
    await broker.publish('attendance', punch, 'next')
    await afterwards.waitForAccepted(1)
    expect(afterwards.offered.map((event) => event.senderKey)).toEqual(['next'])
  })

  it('dead-letters what the intake refuses, with the reason, and keeps what the sender said', async () => {
    const errors = [{ path: 'confidence', message: 'Must be at most 1.' }]
    const intake = recordingIntake((event) => {
      if ((event.body as { confidence: number }).confidence > 1) {
        throw new EventRefused('invalid_event', 'The event does not fit: confidence.', errors)
      }
    })
    await startReady({ intake })
    const sender = broker.connection.createPublisher({ confirm: true })
    await sender.send(
      {
        routingKey: broker.queue,
        messageId: 'bad-1',
        contentType: 'application/json',
        expiration: '60000',
        headers: { camera: 'gate', CC: [broker.queue] },
      },
      Buffer.from('{"confidence": 7,  "n": 12345678901234567890}'),
    )
    await sender.close()
    await broker.publish('attendance', punch, 'good-1')

    const dead = await broker.take(broker.deadLetterQueue)
    expect(dead.messageId).toBe('bad-1')
    expect(dead.expiration).toBeUndefined()
    expect(dead.headers).not.toHaveProperty('CC')
    expect(dead.headers).toMatchObject({
      camera: 'gate',
      'x-reason': 'The event does not fit: confidence.',
      'x-reason-code': 'invalid_event',
      'x-errors': JSON.stringify(errors),
      'x-original-queue': broker.queue,
    })
    await intake.waitForAccepted(1)
    await broker.waitForMessages(broker.queue, 0)
    expect(intake.accepted.map((event) => event.senderKey)).toEqual(['good-1'])
  })

  const notJson = { 'x-reason-code': 'malformed_json', 'x-reason': 'The body is not JSON.' }
  const notUtf8 = { 'x-reason-code': 'malformed_json', 'x-reason': 'The body is not UTF-8 text.' }
  const tooLarge = { 'x-reason-code': 'body_too_large', 'x-reason': 'The body is larger than 1 MiB.' }
  it.each([
    ['broken JSON', Buffer.from('{"employee_id": "EM'), notJson],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), notUtf8],
    ['nothing', Buffer.alloc(0), notJson],
    ['more than a megabyte', Buffer.alloc(1024 * 1024 + 1, 0x20), tooLarge],
  ])('rejects %s, marked as JSON, into the audit trail and the dead-letter queue', async (_, body, why) => {
    const intake = recordingIntake()
    await startReady({ intake })
    await broker.publish('attendance', body, 'broken-1')
    const dead = await broker.take(broker.deadLetterQueue)
    expect(dead.headers).toMatchObject({ ...why, 'x-errors': '[]' })
    const reason = why['x-reason']
    expect(intake.rejected).toMatchObject([{ senderKey: 'broken-1', reason, receivedFrom: broker.queue }])
    expect(intake.offered).toEqual([])
    await broker.waitForMessages(broker.queue, 0)
  })

  it('holds an event while the database is away, and lets it in afterwards', async () => {
    let failures = 8
    const intake = recordingIntake(() => {
      if (failures-- > 0) throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' })
    })
    const consumers = await startReady({ intake })
    await broker.publish('attendance', punch, 'held-1')
    await intake.waitForAccepted(1)
    expect(intake.offered).toHaveLength(9)
    await consumers.close()
    await broker.waitForMessages(broker.queue, 0)
    await broker.waitForMessages(broker.deadLetterQueue, 0)
  })

  it('dead-letters what fails again and again although the database is there', async () => {
    const intake = recordingIntake(() => {
      throw Object.assign(new Error('invalid input syntax'), { code: '22P02' })
    })
    const consumers = await startReady({ intake })
    await broker.publish('attendance', punch, 'poison-1')
    const dead = await broker.take(broker.deadLetterQueue)
    expect(dead.messageId).toBe('poison-1')
    expect(dead.headers?.['x-reason-code']).toBe('unprocessable')
    expect(intake.offered).toHaveLength(5)
    await consumers.close()
    await broker.waitForMessages(broker.queue, 0)
  })

  it('lets good events pass poison that is being held', async () => {
    const intake = recordingIntake((event) => {
      if (event.senderKey?.startsWith('stuck')) throw new Error('always')
    })
    await startReady({ intake, prefetch: 10 })
    for (const n of [1, 2, 3]) await broker.publish('attendance', punch, `stuck-${n}`)
    for (let n = 0; n < 50; n++) await broker.publish('attendance', punch, `good-${n}`)
    await intake.waitForAccepted(50)
  })

  it('reconnects by itself after a lost connection and consumes on, offering the unacknowledged again', async () => {
    const proxy = await startServiceProxy(url)
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const intake = recordingIntake((event) => (event.senderKey === 'twice' ? released : undefined))
    const consumers = await startReady({ intake, url: proxy.url })
    await broker.publish('attendance', punch, 'twice')
    await vi.waitFor(() => expect(intake.offered).toHaveLength(1), within)

    await proxy.cut()
    await vi.waitFor(() => expect(consumers.connected()).toBe(false), within)
    expect(await consumers.depth()).toEqual({})
    await broker.publish('attendance', punch, 'while-away')
    await proxy.restore()
    await vi.waitFor(() => expect(intake.offered).toHaveLength(3), within)
    release()
    await intake.waitForAccepted(3)
    expect(intake.offered.map((event) => event.senderKey).sort()).toEqual(['twice', 'twice', 'while-away'])
    await consumers.close()
    await broker.waitForMessages(broker.queue, 0)
    await proxy.close()
  })

  it('starts while the broker is away and begins when it comes', async () => {
    const proxy = await startServiceProxy(url, 'cut')
    const intake = recordingIntake()
    const consumers = await start({ intake, url: proxy.url })
    await vi.waitFor(() => expect(logged.join()).toContain('RabbitMQ connection lost or refused'), within)
    expect(consumers.connected()).toBe(false)
    await proxy.restore()
    await vi.waitFor(() => expect(consumers.connected()).toBe(true), within)
    await broker.publish('attendance', punch)
    await intake.waitForAccepted(1)
    expect(intake.accepted[0]?.senderKey).toBeUndefined()
    await consumers.close()
    await proxy.close()
  })

  it('starts over when its queue is deleted', async () => {
    const intake = recordingIntake()
    await startReady({ intake })
    await broker.connection.queueDelete(broker.queue)
    await vi.waitFor(() => broker.publish('attendance', punch, 'after'), within)
    await intake.waitForAccepted(1)
  })

  it('uses a queue that exists with other arguments, and says so', async () => {
    await broker.connection.queueDeclare({ queue: broker.queue, durable: true })
    const intake = recordingIntake()
    await startReady({ intake })
    expect(
      logged.filter((line) => line.includes('used as it is') && line.includes(broker.queue)),
    ).toHaveLength(1)
    await broker.publish('attendance', punch)
    await intake.waitForAccepted(1)
    await broker.publish('attendance', Buffer.from('no'))
    await broker.waitForMessages(broker.deadLetterQueue, 1)
  })

  it('makes the dead-letter queue again when someone deleted it', async () => {
    const intake = recordingIntake()
    await startReady({ intake })
    await broker.connection.queueDelete(broker.deadLetterQueue)
    await broker.publish('attendance', Buffer.from('no'), 'bad-2')
    expect((await broker.take(broker.deadLetterQueue)).messageId).toBe('bad-2')
  })

  it('gives held messages back on close, and survives many restarts with one in hand', async () => {
    const away = recordingIntake(() => {
      throw Object.assign(new Error('database away'), { code: 'ECONNREFUSED' })
    })
    for (let restart = 1; restart <= 20; restart++) {
      const consumers = await startReady({ intake: away })
      if (restart === 1) await broker.publish('attendance', punch, 'survivor')
      const before = away.offered.length
      await vi.waitFor(() => expect(away.offered.length).toBeGreaterThan(before), within)
      await consumers.close()
      await broker.waitForMessages(broker.queue, 1)
    }
    const back = recordingIntake()
    await startReady({ intake: back })
    await back.waitForAccepted(1)
    expect(back.accepted[0]?.senderKey).toBe('survivor')
    await broker.waitForMessages(broker.deadLetterQueue, 0)
  })

  it('reports the depth of every queue and its consumers', async () => {
    const depths: unknown[] = []
    const consumers = await startReady({
      intake: recordingIntake(),
      onDepth: (depth) => depths.push(depth),
      depthIntervalSeconds: 0.05,
    })
    await broker.publish('attendance', Buffer.from('no'))
    await broker.waitForMessages(broker.deadLetterQueue, 1)
    const depthOf = (queue: string) => [
      [queue, { messages: 0, consumers: 1 }],
      [`${queue}.dlq`, { messages: queue === broker.queue ? 1 : 0, consumers: 0 }],
    ]
    const expected = Object.fromEntries(EVENT_KINDS.flatMap(({ name }) => depthOf(broker.queueOf(name))))
    await vi.waitFor(async () => expect(await consumers.depth()).toEqual(expected), within)
    await vi.waitFor(() => expect(depths).toContainEqual(expected), within)
  })
})
