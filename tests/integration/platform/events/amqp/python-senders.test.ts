/** The programs that docs/senders.md shows, run as they stand there, but for the names that keep tests apart. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EVENT_KINDS } from '../../../../../src/hotel/event-kinds.ts'
import { describeWithPython, describeWithRabbitMQ } from '../../../../support/services.ts'
import { type ConsumerRig, openConsumerRig } from './consumer-rig.ts'
import { recordingIntake } from './recording-intake.ts'

const run = promisify(execFile)
const programs = [...readFileSync('docs/senders.md', 'utf8').matchAll(/```python\n([\s\S]*?)```/g)].map(
  ([, program = '']) => program,
)
const nameOf = (program: string) => /^import (pika|aio_pika)$/m.exec(program)?.[1] ?? 'another'

it('docs/senders.md has a program for each of the two libraries', () => {
  expect(programs.map(nameOf)).toEqual(['pika', 'aio_pika'])
})

describeWithPython('senders in Python', (python) => {
  describeWithRabbitMQ('with RabbitMQ', (url) => {
    let rig: ConsumerRig
    beforeEach(async () => {
      rig = await openConsumerRig(url)
    })
    afterEach(() => rig.close())

    const execute = (program: string) => {
      const own = program.replace(/"(hotel\.events|room\.events)"/g, `"${rig.broker.prefix}$1"`)
      return run(python, ['-c', own], { env: { ...process.env, RABBITMQ_URL: url } })
    }

    describe.each(programs)('%#', (program) => {
      it(`an event sent with ${nameOf(program)} comes in, under its key, and fits its schema`, async () => {
        const intake = recordingIntake()
        await rig.startReady({ intake })
        await execute(program)
        await intake.waitForAccepted(1)
        const [event] = intake.accepted
        expect(event?.senderKey).toMatch(/\w-\d+$/)
        const kind = EVENT_KINDS.find(({ name }) => name === event?.kind)
        expect(kind?.schema.safeParse(event?.body).error).toBeUndefined()
      })

      it(`a program with ${nameOf(program)} fails while there is no queue, rather than lose the event`, async () => {
        await expect(execute(program)).rejects.toMatchObject({ code: 1 })
      })
    })

    it('a plain declaration of a queue closes the channel', async () => {
      await rig.startReady({ intake: recordingIntake() })
      const [program = ''] = programs
      await expect(execute(program.replace('passive=True', 'durable=True'))).rejects.toMatchObject({
        stderr: expect.stringMatching(/406, "PRECONDITION_FAILED - inequivalent arg '/),
      })
    })
  })
})
