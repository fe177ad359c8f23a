import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { EventRefused } from '../../../../../src/platform/contract/intake.ts'
import { describeWithRabbitMQ } from '../../../../support/services.ts'
import { type ConsumerRig, openConsumerRig, punch } from './consumer-rig.ts'
import { recordingIntake } from './recording-intake.ts'

describeWithRabbitMQ('dead letters', (url) => {
  let rig: ConsumerRig
  beforeEach(async () => {
    rig = await openConsumerRig(url)
  })
  afterEach(() => rig.close())

  it('dead-letters what the intake refuses, with the reason, and keeps what the sender said', async () => {
    const errors = [{ path: 'confidence', message: 'Must be at most 1.' }]
    const intake = recordingIntake((event) => {
      if ((event.body as { confidence: number }).confidence > 1) {
        throw new EventRefused('invalid_event', 'The event does not fit: confidence.', errors, 'evt_refused')
      }
    })
    await rig.startReady({ intake })
    const sender = rig.broker.connection.createPublisher({ confirm: true })
    await sender.send(
      {
        routingKey: rig.broker.queue,
        messageId: 'bad-1',
        contentType: 'application/json',
        expiration: '60000',
        headers: { camera: 'gate', CC: [rig.broker.queue] },
      },
      Buffer.from('{"confidence": 7,  "n": 12345678901234567890}'),
    )
    await sender.close()
    await rig.broker.publish('attendance', punch, 'good-1')

    const dead = await rig.broker.take(rig.broker.deadLetterQueue)
    expect(dead.messageId).toBe('bad-1')
    expect(dead.expiration).toBeUndefined()
    expect(dead.headers).not.toHaveProperty('CC')
    expect(dead.headers).toMatchObject({
      camera: 'gate',
      'x-reason': 'The event does not fit: confidence.',
      'x-reason-code': 'invalid_event',
      'x-errors': JSON.stringify(errors),
      'x-original-queue': rig.broker.queue,
      'x-event-id': 'evt_refused',
    })
    expect(rig.warnings()).toEqual([
      expect.objectContaining({
        ...{ queue: rig.broker.queue, message_id: 'bad-1', event_id: 'evt_refused', code: 'invalid_event' },
        msg: 'Event refused and dead-lettered',
      }),
    ])
    await intake.waitForAccepted(1)
    await rig.broker.waitForMessages(rig.broker.queue, 0)
    expect(intake.accepted.map((event) => event.senderKey)).toEqual(['good-1'])
  })

  const notJson = { 'x-reason-code': 'malformed_json', 'x-reason': 'The body is not JSON.' }
  const notUtf8 = { 'x-reason-code': 'malformed_json', 'x-reason': 'The body is not UTF-8 text.' }
  const notANumber = {
    'x-reason-code': 'malformed_json',
    'x-reason': 'The body is not JSON: NaN is no number there. Send null, or leave the field out.',
  }
  const compressed = {
    'x-reason-code': 'malformed_json',
    'x-reason': expect.stringContaining('The body is compressed (gzip).'),
  }
  const tooLarge = { 'x-reason-code': 'body_too_large', 'x-reason': 'The body is larger than 1 MiB.' }
  it.each([
    ['broken JSON', Buffer.from('{"employee_id": "EM'), notJson],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), notUtf8],
    ['nothing', Buffer.alloc(0), notJson],
    ['NaN', Buffer.from('{"confidence": NaN}'), notANumber],
    ['gzip', gzipSync(JSON.stringify(punch)), compressed],
    ['more than a megabyte', Buffer.alloc(1024 * 1024 + 1, 0x20), tooLarge],
  ])('rejects %s, marked as JSON, into the audit trail and the dead-letter queue', async (_, body, why) => {
    const intake = recordingIntake()
    await rig.startReady({ intake })
    await rig.broker.publish('attendance', body, 'broken-1')
    const dead = await rig.broker.take(rig.broker.deadLetterQueue)
    expect(dead.headers).toMatchObject({ ...why, 'x-errors': '[]', 'x-event-id': 'evt_rejected_1' })
    expect(rig.warnings()).toEqual([
      expect.objectContaining({
        message_id: 'broken-1',
        event_id: 'evt_rejected_1',
        code: why['x-reason-code'],
      }),
    ])
    const reason = why['x-reason']
    expect(intake.rejected).toMatchObject([{ senderKey: 'broken-1', reason, receivedFrom: rig.broker.queue }])
    expect(intake.offered).toEqual([])
    await rig.broker.waitForMessages(rig.broker.queue, 0)
  })

  it('dead-letters what fails again and again although the database is there', async () => {
    const intake = recordingIntake(() => {
      throw Object.assign(new Error('invalid input syntax'), { code: '22P02' })
    })
    const consumers = await rig.startReady({ intake })
    await rig.broker.publish('attendance', punch, 'poison-1')
    const dead = await rig.broker.take(rig.broker.deadLetterQueue)
    expect(dead.messageId).toBe('poison-1')
    expect(dead.headers?.['x-reason-code']).toBe('unprocessable')
    expect(intake.offered).toHaveLength(5)
    await consumers.close()
    await rig.broker.waitForMessages(rig.broker.queue, 0)
  })

  it('makes the dead-letter queue again when someone deleted it', async () => {
    const intake = recordingIntake()
    await rig.startReady({ intake })
    await rig.broker.connection.queueDelete(rig.broker.deadLetterQueue)
    await rig.broker.publish('attendance', Buffer.from('no'), 'bad-2')
    expect((await rig.broker.take(rig.broker.deadLetterQueue)).messageId).toBe('bad-2')
  })
})
