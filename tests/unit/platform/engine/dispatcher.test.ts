import { setImmediate as nextTurn } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { Dispatcher } from '../../../../src/platform/engine/durable/dispatcher.ts'

interface Claim {
  queue: string
  most: number
  end(claimed: number): void
  fail(error: Error): void
}

let dispatcher: Dispatcher | undefined
afterEach(() => dispatcher?.stop())

function open({ slots = 10, look = async (): Promise<string[]> => [] } = {}) {
  const claims: Claim[] = []
  const lines: { level: number; msg: string }[] = []
  let looks = 0
  const opened = new Dispatcher({
    queues: ['events', 'default'],
    slots: () => slots,
    claim: (queue, most) =>
      new Promise((resolve, reject) => claims.push({ queue, most, end: resolve, fail: reject })),
    look: () => {
      looks += 1
      return look()
    },
    lookMs: 1,
    logger: pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
  })
  dispatcher = opened
  const claimed = async (count: number) => {
    while (claims.length < count) await nextTurn()
    return claims[count - 1] as Claim
  }
  const looked = async (times: number) => {
    const until = looks + times
    while (looks < until) await nextTurn()
  }
  return { dispatcher: opened, claims, claimed, looked, lines }
}

test('while a poll of a queue is under way, nothing begins another: neither a wake-up, a slot, nor the look', async () => {
  const { dispatcher, claims, claimed, looked } = open({ look: async () => ['events', 'default'] })
  await claimed(2)
  expect(claims.map(({ queue }) => queue).toSorted()).toEqual(['default', 'events'])
  for (let n = 0; n < 20; n++) {
    dispatcher.pollNow('events')
    dispatcher.pollNow('*')
    dispatcher.slotFree('events')
    await looked(1)
  }
  expect(claims.length).toBe(2)
  claims.find(({ queue }) => queue === 'events')?.end(0)
  expect((await claimed(3)).queue).toBe('events')
  await looked(5)
  expect(claims.length).toBe(3)
  for (const claim of claims) claim.end(0)
})

test('a claim asks for the slots that are free; without one there is none', async () => {
  const { claimed } = open({ slots: 7 })
  expect((await claimed(1)).most).toBe(7)
  for (const n of [1, 2]) (await claimed(n)).end(0)
  await dispatcher?.stop()
  const none = open({ slots: 0, look: async () => ['events'] })
  await none.looked(5)
  expect(none.claims).toEqual([])
})

test('a slot that becomes free is worth a poll where the last one left runs behind', async () => {
  const { dispatcher, claims, claimed, looked } = open({ slots: 3 })
  const [first, second] = [await claimed(1), await claimed(2)]
  first.end(3)
  second.end(2)
  await nextTurn()
  dispatcher.slotFree(second.queue)
  await looked(10)
  expect(claims.length).toBe(2)
  dispatcher.slotFree(first.queue)
  const third = await claimed(3)
  expect(third.queue).toBe(first.queue)
  // Also one that became free while the claim was under way.
  dispatcher.slotFree(first.queue)
  third.end(3)
  const fourth = await claimed(4)
  expect(fourth.queue).toBe(first.queue)
  fourth.end(0)
})

test('an outage is told once for each queue, and tried again', async () => {
  const { claims, claimed, lines } = open({ look: async () => ['events', 'default'] })
  for (let n = 1; n <= 6; n++) (await claimed(n)).fail(new Error('away'))
  const last = await claimed(7)
  const again = 'could not claim runs; trying again'
  expect(lines.filter(({ level }) => level >= 40).map(({ msg }) => msg)).toEqual([again, again])
  for (const claim of [last, ...claims]) claim.end(0)
})

test('after a stop nothing is claimed; it waits for the claim that is under way', async () => {
  const { dispatcher, claims, claimed } = open()
  const [first, second] = [await claimed(1), await claimed(2)]
  let stopped = false
  const stop = dispatcher.stop().then(() => {
    stopped = true
  })
  dispatcher.pollNow('*')
  first.end(1)
  await nextTurn()
  expect(stopped).toBe(false)
  second.end(1)
  await stop
  expect(claims.length).toBe(2)
})
