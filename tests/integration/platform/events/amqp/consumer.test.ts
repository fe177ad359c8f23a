import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { EVENT_KINDS } from '../../../../../src/hotel/event-kinds.ts'
import { startServiceProxy } from '../../../../support/service-proxy.ts'
import { describeWithRabbitMQ } from '../../../../support/services.ts'
import { type ConsumerRig, openConsumerRig, punch, within } from './consumer-rig.ts'
import { recordingIntake } from './recording-intake.ts'

describeWithRabbitMQ('RabbitMQ consumers', (url) => {
  let rig: ConsumerRig
  beforeEach(async () => {
    rig = await openConsumerRig(url)
  })
  afterEach(() => rig.close())

  it('hands over an event with its key and acknowledges it only when it is on disk', async () => {
    const proxy = await startServiceProxy(url)
    let commit = () => {}
    const committed = new Promise<void>((resolve) => {
      commit = resolve
    })
    const intake = recordingIntake(() => committed)
    const first = await rig.startReady({ intake, url: proxy.url })
    await rig.broker.publish('attendance.check_in', punch, 'key-1')
    await vi.waitFor(() => expect(intake.offered).toHaveLength(1), within)
    expect(intake.offered[0]).toEqual({
      kind: 'attendance',
      source: 'amqp',
      body: punch,
      text: JSON.stringify(punch),
      senderKey: 'key-1',
      receivedFrom: rig.broker.queue,
    })
    await proxy.cut()
    await rig.broker.waitForMessages(rig.broker.queue, 1)

    await proxy.restore()
    await vi.waitFor(() => expect(intake.offered).toHaveLength(2), within)
    commit()
    await intake.waitForAccepted(2)
    await first.close()
    await proxy.close()
    const afterwards = recordingIntake()
    await rig.startReady({ intake: afterwards })
    await rig.broker.publish('attendance', punch, 'next')
    await afterwards.waitForAccepted(1)
    expect(afterwards.offered.map((event) => event.senderKey)).toEqual(['next'])
  })

  it('holds an event while the database is away, and lets it in afterwards', async () => {
    let failures = 8
    const intake = recordingIntake(() => {
      if (failures-- > 0) throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' })
    })
    const consumers = await rig.startReady({ intake })
    await rig.broker.publish('attendance', punch, 'held-1')
    await intake.waitForAccepted(1)
    expect(intake.offered).toHaveLength(9)
    await consumers.close()
    await rig.broker.waitForMessages(rig.broker.queue, 0)
    await rig.broker.waitForMessages(rig.broker.deadLetterQueue, 0)
  })

  it('lets good events pass poison that is being held', async () => {
    const intake = recordingIntake((event) => {
      if (event.senderKey?.startsWith('stuck')) throw new Error('always')
    })
    await rig.startReady({ intake, prefetch: 10 })
    for (const n of [1, 2, 3]) await rig.broker.publish('attendance', punch, `stuck-${n}`)
    for (let n = 0; n < 50; n++) await rig.broker.publish('attendance', punch, `good-${n}`)
    await intake.waitForAccepted(50)
  })

  it('reconnects by itself after a lost connection and consumes on, offering the unacknowledged again', async () => {
    const proxy = await startServiceProxy(url)
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const intake = recordingIntake((event) => (event.senderKey === 'twice' ? released : undefined))
    const consumers = await rig.startReady({ intake, url: proxy.url })
    await rig.broker.publish('attendance', punch, 'twice')
    await vi.waitFor(() => expect(intake.offered).toHaveLength(1), within)

    await proxy.cut()
    await vi.waitFor(() => expect(consumers.connected()).toBe(false), within)
    expect(await consumers.depth()).toEqual({})
    await rig.broker.publish('attendance', punch, 'while-away')
    await proxy.restore()
    await vi.waitFor(() => expect(intake.offered).toHaveLength(3), within)
    expect(rig.warnings()).toEqual([])
    expect(rig.logged.join()).toContain('RabbitMQ connection lost: connecting again')
    release()
    await intake.waitForAccepted(3)
    expect(intake.offered.map((event) => event.senderKey).sort()).toEqual(['twice', 'twice', 'while-away'])
    await consumers.close()
    await rig.broker.waitForMessages(rig.broker.queue, 0)
    await proxy.close()
  })

  it('starts while the rig.broker is away and begins when it comes', async () => {
    const proxy = await startServiceProxy(url, 'cut')
    const intake = recordingIntake()
    const lostConnection = { warnAfterSeconds: 0.05, warnEverySeconds: 0.05 }
    const consumers = await rig.start({ intake, url: proxy.url, lostConnection })
    await vi.waitFor(() => expect(rig.logged.join()).toContain('RabbitMQ connection lost or refused'), within)
    expect(consumers.connected()).toBe(false)
    await vi.waitFor(() => expect(rig.logged.join()).toMatch(/(RabbitMQ cannot be reached.*){2}/s), within)
    await proxy.restore()
    await vi.waitFor(() => expect(consumers.connected()).toBe(true), within)
    await rig.broker.publish('attendance', punch)
    await intake.waitForAccepted(1)
    expect(intake.accepted[0]?.senderKey).toBeUndefined()
    await consumers.close()
    await proxy.close()
  })

  it('starts over when its queue is deleted', async () => {
    const intake = recordingIntake()
    await rig.startReady({ intake })
    await rig.broker.connection.queueDelete(rig.broker.queue)
    await vi.waitFor(() => rig.broker.publish('attendance', punch, 'after'), within)
    await intake.waitForAccepted(1)
  })

  it('uses a queue that exists with other arguments, and says so', async () => {
    await rig.broker.connection.queueDeclare({ queue: rig.broker.queue, durable: true })
    const intake = recordingIntake()
    await rig.startReady({ intake })
    expect(
      rig.logged.filter((line) => line.includes('used as it is') && line.includes(rig.broker.queue)),
    ).toHaveLength(1)
    await rig.broker.publish('attendance', punch)
    await intake.waitForAccepted(1)
    await rig.broker.publish('attendance', Buffer.from('no'))
    await rig.broker.waitForMessages(rig.broker.deadLetterQueue, 1)
  })

  it('gives held messages back on close, and survives many restarts with one in hand', async () => {
    const away = recordingIntake(() => {
      throw Object.assign(new Error('database away'), { code: 'ECONNREFUSED' })
    })
    for (let restart = 1; restart <= 20; restart++) {
      const consumers = await rig.startReady({ intake: away })
      if (restart === 1) await rig.broker.publish('attendance', punch, 'survivor')
      const before = away.offered.length
      await vi.waitFor(() => expect(away.offered.length).toBeGreaterThan(before), within)
      await consumers.close()
      await rig.broker.waitForMessages(rig.broker.queue, 1)
    }
    const back = recordingIntake()
    await rig.startReady({ intake: back })
    await back.waitForAccepted(1)
    expect(back.accepted[0]?.senderKey).toBe('survivor')
    await rig.broker.waitForMessages(rig.broker.deadLetterQueue, 0)
  })

  it('reports the depth of every queue and its consumers', async () => {
    const depths: unknown[] = []
    const consumers = await rig.startReady({
      intake: recordingIntake(),
      onDepth: (depth) => depths.push(depth),
      depthIntervalSeconds: 0.05,
    })
    await rig.broker.publish('attendance', Buffer.from('no'))
    await rig.broker.waitForMessages(rig.broker.deadLetterQueue, 1)
    const depthOf = (queue: string) => [
      [queue, { messages: 0, consumers: 1 }],
      [`${queue}.dlq`, { messages: queue === rig.broker.queue ? 1 : 0, consumers: 0 }],
    ]
    const expected = Object.fromEntries(
      EVENT_KINDS.flatMap((kind) => depthOf(`${rig.broker.prefix}${kind.queue}`)),
    )
    await vi.waitFor(async () => expect(await consumers.depth()).toEqual(expected), within)
    await vi.waitFor(() => expect(depths).toContainEqual(expected), within)
  })
})
