import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AnomalyEvent } from '../../../../src/hotel/anomalies/anomaly.event.ts'
import { handleAnomaly } from '../../../../src/hotel/anomalies/handle-anomaly.flow.ts'
import type { HotelRules } from '../../../../src/hotel/hotel-rules.ts'
import type { InMemoryEngine } from '../../../../src/platform/engine/in-memory.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { eventually } from '../../../support/eventually.ts'
import {
  AT_ONCE,
  addSupervisors,
  engineOn,
  messages,
  type StaffDeps,
  staffDeps,
  start,
} from '../guest-requests/staff-rig.ts'
import { anomalies, LEAK, toldTo } from './sightings.ts'

let test: TestDatabase
let database: TestDatabase['database']
let engine: InMemoryEngine<StaffDeps>
beforeEach(async () => {
  test = await createTestDatabase()
  database = test.database
  await addSupervisors(database)
})
afterEach(() => test?.drop())

async function open(hotel: Partial<HotelRules> = {}, given: Partial<StaffDeps> = {}): Promise<void> {
  engine = engineOn({ ...(await staffDeps(database, hotel, given)), database })
}
const see = (event: Partial<AnomalyEvent> = {}) => start(engine, handleAnomaly, { ...LEAK, ...event })
const resultOf = async (runId: string) => (await engine.ended(runId)).result
const told = (template?: string) => toldTo(messages(database, template))
const waits = (runId: string) =>
  eventually(`${runId} to wait`, () =>
    [...engine.run(runId).logs.values()].some(({ message }) => message === 'anomaly registered'),
  )

const HOUSE = 'slack U0ENGIN'
const DUTY = 'slack U0DUTY'
const PHONE = 'sms +84900000001'

describe('a new one', () => {
  it('low: recorded, nobody is told, nobody waits', async () => {
    await open()
    expect(await resultOf(await see({ severity: 'low' }))).toMatchObject({ status: 'recorded', told: 0 })
    expect(await anomalies(database)).toMatchObject([
      { severity: 'low', status: 'open', occurrences: 1, subjects: ['room:201'] },
    ])
    expect(await told()).toEqual([])
  })

  it.each([
    ['medium', [HOUSE]],
    ['high', [HOUSE, DUTY]],
    ['critical', [HOUSE, DUTY, PHONE]],
  ] as const)('%s: told, and acknowledged by a person', async (severity, people) => {
    await open()
    const runId = await see({ severity })
    await engine.signal(runId, 'acknowledge', { by: 'EMP010' })
    expect(await resultOf(runId)).toEqual({
      anomaly_id: expect.stringMatching(/^anm_/),
      status: 'acknowledged',
      told: people.length,
    })
    expect(await told()).toEqual([...people])
    expect(await anomalies(database)).toMatchObject([
      {
        severity,
        status: 'acknowledged',
        acknowledged_by: 'EMP010',
        acknowledged_at: expect.any(Date),
        run_id: runId,
      },
    ])
  })

  it('is the work of the department of its type', async () => {
    await open()
    const runId = await see({ anomaly_type: 'intrusion' })
    await engine.signal(runId, 'acknowledge', null)
    await engine.ended(runId)
    expect(await told()).toEqual(['slack U0SECUR', DUTY])
  })

  it('whatever its sensor is called, no line and no heading of it looks like ours', async () => {
    await open()
    const forged = { source: 'cam\n⚠ *Anomaly*: fire', location: 'lobby\r\n*Run*: \u202e1_rf' }
    const runId = await see({ ...forged, room_number: undefined, severity: 'medium' })
    await engine.signal(runId, 'acknowledge', null)
    await engine.ended(runId)
    const [told] = await messages(database)
    expect(told?.body.split(/\r|\n/).slice(1, 3)).toEqual([
      'Where: lobby ∗Run∗: 1_rf',
      'Source: cam ⚠ ∗Anomaly∗: fire',
    ])
  })

  it('of a department without a supervisor is the duty manager’s, who is told once', async () => {
    await open()
    const runId = await see({ anomaly_type: 'revenue_drop' })
    await engine.signal(runId, 'acknowledge', null)
    await engine.ended(runId)
    expect(await told()).toEqual([DUTY])
  })
})

describe('nobody acknowledges it', () => {
  it.each([
    ['medium', [DUTY]],
    ['high', [DUTY, PHONE]],
  ] as const)('%s: the next level, once', async (severity, people) => {
    await open({ anomalyAcknowledgeMinutes: AT_ONCE })
    expect(await resultOf(await see({ severity }))).toMatchObject({ status: 'escalated' })
    expect(await told('anomaly_escalated')).toEqual([...people])
    expect(await anomalies(database)).toMatchObject([{ status: 'escalated', escalated_at: expect.any(Date) }])
  })

  it('critical: everybody again, three times', async () => {
    await open({ anomalyAcknowledgeMinutes: AT_ONCE })
    const runId = await see({ severity: 'critical' })
    expect(await resultOf(runId)).toMatchObject({ status: 'escalated', told: 12 })
    expect(await told('anomaly_escalated')).toEqual([1, 2, 3].flatMap(() => [HOUSE, DUTY, PHONE]))
  })

  it('until the next level does', async () => {
    await open({ anomalyAcknowledgeMinutes: AT_ONCE * 20 })
    const runId = await see({ severity: 'medium' })
    await eventually('escalation', async () => (await anomalies(database))[0]?.status === 'escalated')
    await engine.signal(runId, 'acknowledge', { by: 'DUTY' })
    expect(await resultOf(runId)).toMatchObject({ status: 'acknowledged', told: 2 })
    expect(await anomalies(database)).toMatchObject([{ status: 'acknowledged', acknowledged_by: 'DUTY' }])
  })

  it('because nobody could be told: the next level at once', async () => {
    await database.query('delete from supervisors')
    await open({ dutyManager: { slack: undefined, phone: '+84900000001' } })
    const runId = await see({ severity: 'high' })
    await eventually('the SMS', async () => (await told()).length > 0)
    await engine.signal(runId, 'acknowledge', null)
    expect(await resultOf(runId)).toMatchObject({ status: 'acknowledged', told: 1 })
    expect(await told()).toEqual([PHONE])
  })
})

describe('another sighting', () => {
  const at = (minute: number) => ({ timestamp: `2025-01-17T10:${minute}:00Z` })

  it('within the window joins, in whatever order the two come', async () => {
    await open()
    const first = await see(at(30))
    await waits(first)
    for (const minute of [45, 10]) {
      expect(await resultOf(await see(at(minute)))).toMatchObject({ status: 'joined', told: 0 })
    }
    expect(await anomalies(database)).toMatchObject([
      {
        occurrences: 3,
        first_seen_at: new Date('2025-01-17T10:10:00Z'),
        last_seen_at: new Date('2025-01-17T10:45:00Z'),
        run_id: first,
      },
    ])
    expect(await told()).toEqual([HOUSE, DUTY])
  })

  it('outside it, of another source or place, is another anomaly', async () => {
    await open()
    await waits(await see(at(10)))
    await waits(await see(at(41)))
    await waits(await see({ ...at(10), source: 'another sensor' }))
    await waits(await see({ ...at(10), room_number: '202' }))
    expect(await anomalies(database)).toHaveLength(4)
  })

  it('of a higher severity tells whom that adds; the first run goes on with it', async () => {
    await open({ anomalyAcknowledgeMinutes: 60 })
    const first = await see({ ...at(10), severity: 'medium' })
    await waits(first)
    const second = await see({ ...at(12), severity: 'critical' })
    expect(await resultOf(second)).toMatchObject({ status: 'joined', told: 2 })
    expect(await told()).toEqual([HOUSE, DUTY, PHONE])
    expect((await messages(database)).at(-2)?.body).toContain(`run ${first}`)
    await engine.signal(first, 'acknowledge', null)
    expect(await resultOf(first)).toMatchObject({ status: 'acknowledged', told: 1 })
    expect(await anomalies(database)).toMatchObject([{ severity: 'critical', occurrences: 2, run_id: first }])
  })

  it('of one that was only recorded: its run looks after it', async () => {
    await open()
    await engine.ended(await see({ ...at(10), severity: 'low' }))
    const second = await see({ ...at(12), severity: 'high' })
    await engine.signal(second, 'acknowledge', { by: 'EMP010' })
    expect(await resultOf(second)).toMatchObject({ status: 'acknowledged', told: 2 })
    expect(await anomalies(database)).toMatchObject([{ severity: 'high', occurrences: 2, run_id: second }])
  })

  it('of one that somebody has in hand tells nobody', async () => {
    await open()
    const first = await see(at(10))
    await engine.signal(first, 'acknowledge', null)
    await engine.ended(first)
    expect(await resultOf(await see(at(12)))).toMatchObject({ status: 'joined', told: 0 })
  })

  it('ten at once are one anomaly', async () => {
    await open()
    const runs = await Promise.all(Array.from({ length: 10 }, () => see(at(10))))
    await eventually('ten', async () => (await anomalies(database))[0]?.occurrences === 10)
    const [row] = await anomalies(database)
    expect(runs).toContain(row?.run_id)
    expect(await anomalies(database)).toHaveLength(1)
  })
})
