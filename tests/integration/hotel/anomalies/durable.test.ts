import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AnomalyEvent } from '../../../../src/hotel/anomalies/anomaly.event.ts'
import { handleAnomaly } from '../../../../src/hotel/anomalies/handle-anomaly.flow.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { eventually } from '../../../support/eventually.ts'
import { addSupervisors, messages, staffDeps } from '../guest-requests/staff-rig.ts'
import { anomalies, LEAK, toldTo } from './sightings.ts'

let test: TestDatabase
let rig: DurableRig
beforeAll(async () => {
  test = await createTestDatabase({ max: 20 })
  await addSupervisors(test.database)
  rig = await openDurableRig([handleAnomaly], await staffDeps(test.database), undefined, test)
})
afterAll(async () => {
  await rig?.close()
  await test?.drop()
})

const see = (runId: string, event: Partial<AnomalyEvent> = {}) =>
  rig.engine.start({ runId, flow: handleAnomaly, parameters: { ...LEAK, ...event } })
const waiting = (runId: string) =>
  eventually(`${runId} to wait`, async () => (await rig.status(runId)) === 'waiting')

it('one whose run was cancelled begins anew with the next sighting', async () => {
  await see('fr_first')
  await waiting('fr_first')
  await see('fr_joins', { timestamp: '2025-01-17T10:05:00Z' })
  expect(await rig.ended('fr_joins')).toMatchObject({ result: { status: 'joined', told: 0 } })
  await rig.engine.cancel('fr_first')
  expect(await rig.ended('fr_first')).toMatchObject({ status: 'cancelled' })
  await see('fr_anew', { timestamp: '2025-01-17T10:10:00Z', severity: 'medium' })
  await waiting('fr_anew')
  await rig.engine.signal('fr_anew', 'acknowledge', { by: 'EMP010' })
  // Medium, of an anomaly that is high: whoever is told of a high one is told again.
  expect(await rig.ended('fr_anew')).toMatchObject({ result: { status: 'acknowledged', told: 2 } })
  expect(await anomalies(test.database)).toMatchObject([
    {
      severity: 'high',
      occurrences: 3,
      run_id: 'fr_anew',
      status: 'acknowledged',
      acknowledged_by: 'EMP010',
    },
  ])
  const everybody = ['slack U0ENGIN', 'slack U0DUTY']
  expect(await toldTo(messages(test.database))).toEqual([...everybody, ...everybody])
})

it('what was described is in no log', async () => {
  await see('fr_logged', { room_number: '305', severity: 'critical', description: 'Mrs Canary fell' })
  await rig.engine.signal('fr_logged', 'acknowledge', { by: 'Canary' })
  expect(await rig.ended('fr_logged')).toMatchObject({ status: 'completed' })
  // Lines are written behind the run's back, a few at a time.
  await eventually('its lines', async () => (await rig.logs('fr_logged')).includes('anomaly registered'))
  const lines = await test.database.query('select message, fields from prefect.run_logs')
  expect(JSON.stringify(lines)).not.toMatch(/Canary|\+849/)
})
