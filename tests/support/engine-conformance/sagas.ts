/** What every engine must do with acts and their undos. */
import { expect, test } from 'vitest'
import * as flows from './flows.ts'
import { request, type Suite, startAndEnd } from './rig.ts'

export function describeSagas({ rig, ledger, rows }: Suite): void {
  let serial = 0
  const unique = (word: string) => `${word}-${serial++}`
  const since = (from: number, about: string) =>
    ledger()
      .entries.slice(from)
      .filter((entry) => entry.includes(about))
  const removals = async (id: string) => (await rows()).filter((row) => row === `${id} removed`).length

  test('a saga that fails is undone in reverse, the failed act included', async () => {
    const from = ledger().entries.length
    const run = await startAndEnd(rig(), flows.travel, { next: 'fail' })
    expect(run).toMatchObject({ status: 'failed', error: { code: 'refused' }, flagged: undefined })
    expect(ledger().entries.slice(from)).toEqual([
      'flight',
      'hotel',
      'car',
      'undo_car car maybe 2',
      'undo_hotel hotel done 1',
      'undo_flight flight done 0',
    ])
  })

  test('a saga whose undo fails is flagged, and the other undos still run', async () => {
    const from = ledger().entries.length
    const run = await startAndEnd(rig(), flows.travel, { next: 'fail', undoFails: true })
    expect(run).toMatchObject({ status: 'failed', error: { code: 'saga_undo_failed' } })
    expect(run.flagged).toContain('undo_hotel')
    expect(await rig().engine.retry(run.runId)).toMatchObject({ kind: 'flagged' })
    const above = await startAndEnd(rig(), flows.trip, { next: 'fail', undoFails: true })
    expect(await rig().engine.retry(above.runId)).toMatchObject({ kind: 'flagged' })
    expect(ledger().entries.slice(from)).toContain('undo_flight flight done 0')
  })

  test('a cancelled saga undoes what it did, then is cancelled', async () => {
    const asked = request(flows.travel, { next: 'hang' })
    const from = ledger().entries.length
    const hanging = ledger().count('hanging') + 1
    await rig().engine.start(asked)
    await ledger().saw('hanging', hanging)
    expect(await rig().engine.cancel(asked.runId)).toMatchObject({ kind: 'cancelling', previous: 'running' })
    expect((await rig().ended(asked.runId)).status).toBe('cancelled')
    expect(ledger().entries.slice(from)).toEqual([
      'flight',
      'hotel',
      'hanging',
      'undo_hotel hotel done 1',
      'undo_flight flight done 0',
    ])
  })

  test('retry of an undone saga starts from the top, under new keys', async () => {
    const run = await startAndEnd(rig(), flows.travel, { next: 'fail_once' })
    expect(run.status).toBe('failed')
    const from = ledger().entries.length
    await rig().engine.retry(run.runId)
    // Under new keys the car fails once more: a restart is a new request to the services.
    expect((await rig().ended(run.runId)).status).toBe('failed')
    expect(ledger().entries.slice(from, from + 3)).toEqual(['flight', 'hotel', 'car'])
  })

  test('an act in the database is undone in a transaction: once each, last first', async () => {
    const [a, b] = [unique('stay'), unique('stay')]
    const from = ledger().entries.length
    const run = await startAndEnd(rig(), flows.stay, { stays: [{ id: a }, { id: b }] })
    expect(run).toMatchObject({ status: 'failed', error: { code: 'no_stay' }, flagged: undefined })
    expect(ledger().entries.slice(from)).toEqual([
      `removing ${b}`,
      `removed ${b} ${b} free`,
      `removing ${a}`,
      `removed ${a} ${a} free`,
    ])
    expect([await removals(a), await removals(b)]).toEqual([1, 1])
  })

  test('an act that was rolled back is undone without its result', async () => {
    const [a, b] = [unique('stay'), unique('stay')]
    const from = ledger().entries.length
    const run = await startAndEnd(rig(), flows.stay, { stays: [{ id: a }, { id: b, fail: true }] })
    expect(run).toMatchObject({ status: 'failed', error: { code: 'no_good' } })
    expect(since(from, 'removed')).toEqual([`removed ${b} maybe free`, `removed ${a} ${a} free`])
    expect(await rows()).not.toContain(b)
  })

  test('an undo in the database that fails is rolled back, tried again, and applied once', async () => {
    const id = unique('stay')
    const run = await startAndEnd(rig(), flows.stay, { stays: [{ id, failures: 2 }] })
    expect(run).toMatchObject({ status: 'failed', error: { code: 'no_stay' }, flagged: undefined })
    expect(ledger().count(`removing ${id}`)).toBe(3)
    expect(await removals(id)).toBe(1)
    expect((await rig().attempts(run.runId)).map(({ attempt, message }) => [attempt, message])).toEqual([
      [1, 'Not yet.'],
      [2, 'Not yet.'],
    ])
  })

  test('one that fails for good leaves nothing behind and is flagged; the others are made', async () => {
    const [a, b] = [unique('stay'), unique('stay')]
    const run = await startAndEnd(rig(), flows.stay, { stays: [{ id: a }, { id: b, failures: 9 }] })
    expect(run).toMatchObject({ status: 'failed', error: { code: 'saga_undo_failed' } })
    expect(run.flagged).toContain('remove_row: Not yet.')
    expect([await removals(a), await removals(b)]).toEqual([1, 0])
  })

  test('a cancel does not stop it, nor does its signal say so', async () => {
    const id = unique('stay')
    const asked = request(flows.stay, { stays: [{ id, failures: 1 }], next: 'hang' })
    await rig().engine.start(asked)
    await ledger().saw(`hanging ${id}`)
    await rig().engine.cancel(asked.runId)
    expect((await rig().ended(asked.runId)).status).toBe('cancelled')
    expect(ledger().count(`removed ${id} ${id} free`)).toBe(2)
    expect(await removals(id)).toBe(1)
  })

  test('undos with the same lock take turns', async () => {
    const lock = unique('lock')
    const ids = [1, 2, 3, 4, 5].map(() => unique('turn'))
    const from = ledger().entries.length
    await Promise.all(ids.map((id) => startAndEnd(rig(), flows.stay, { stays: [{ id, lock }] })))
    const entries = since(from, 'turn-')
    expect(entries).toHaveLength(10)
    for (let i = 0; i < entries.length; i += 2) {
      const id = entries[i]?.replace('removing ', '')
      expect(entries[i + 1]).toBe(`removed ${id} ${id} free`)
    }
  })

  test('an act may be taken back in several steps: in the order given, and none after one that failed', async () => {
    const say = unique('letter')
    const from = ledger().entries.length
    expect((await startAndEnd(rig(), flows.letter, { say })).flagged).toBeUndefined()
    const stuck = unique('letter')
    const run = await startAndEnd(rig(), flows.letter, { say: stuck, fails: 'first' })
    expect(run.flagged).toContain('call_back: Cannot be undone.')
    expect(ledger().entries.slice(from)).toEqual([
      ...['stamp', say, `call_back ${say} done 1`, `note_it ${say} done 1`, 'peel_off stamp done 0'],
      ...['stamp', stuck, `call_back ${stuck} done 1`, 'peel_off stamp done 0'],
    ])
  })
}
