import { defineTransaction } from '../../platform/engine/flow.ts'
import { idFrom } from '../../platform/engine/ids.ts'
import { STORE_RETRY } from '../../platform/engine/retries.ts'
import type { Sql } from '../../platform/postgres/sql.ts'
import { toInstant } from '../../platform/time/local-time.ts'
import type { HotelDeps } from '../deps.ts'
import type { HotelRules } from '../hotel-rules.ts'
import {
  departmentContacts,
  dutyManagerContacts,
  type StaffContact,
} from '../messages/staff-contacts.tasks.ts'
import { subjectsOf } from '../subjects.ts'
import { addSighting, findAnomaly, insertAnomaly, markAcknowledged, markEscalated } from './anomalies.sql.ts'
import type { AnomalyEvent, Severity } from './anomaly.event.ts'
import {
  anomalyKey,
  departmentOf,
  escalationsOf,
  joinAnomaly,
  type Notified,
  notifiedNext,
  notifiedOf,
} from './anomaly.rules.ts'

/** A sighting on record. Plain JSON: it is checkpointed. */
export interface RegisteredAnomaly {
  anomalyId: string
  /** False: it joined one that was known. */
  isNew: boolean
  /** Whether this run sees to it that somebody acknowledges it. */
  looksAfter: boolean
  /** The run that does, and takes the signal. Null: there is no need any more. */
  lookedAfterBy: string | null
  severity: Severity
  /** Who is notified now. */
  tell: StaffContact[]
  /** How long people have to acknowledge it, each time they are notified. */
  acknowledgeSeconds: number
}

/** Puts the sighting to the anomaly it belongs to, or opens a new one. Sightings under one key take turns. */
export const registerAnomaly = defineTransaction<HotelDeps, AnomalyEvent, RegisteredAnomaly>({
  name: 'register_anomaly',
  lock: (event) => `anomaly:${anomalyKey(event)}`,
  retry: STORE_RETRY,
  async run({ hotel }, event, { sql, runId, idempotencyKey }) {
    const at = toInstant(event.timestamp, hotel.timezone)
    const known = await findAnomaly(sql, anomalyKey(event), at, hotel.anomalyWindowMinutes)
    const answer = async (
      registered: Omit<RegisteredAnomaly, 'tell' | 'acknowledgeSeconds'>,
      tell: readonly Notified[],
    ) => ({
      ...registered,
      tell: await contactsOf(sql, tell, event.anomaly_type, hotel),
      acknowledgeSeconds: hotel.anomalyAcknowledgeMinutes * 60,
    })
    if (!known) {
      const anomalyId = idFrom('anm', idempotencyKey)
      await open(sql, event, { id: anomalyId, at, runId })
      const { severity } = event
      const registered = {
        anomalyId,
        isNew: true,
        looksAfter: severity !== 'low',
        lookedAfterBy: runId,
        severity,
      }
      return answer(registered, notifiedOf(severity))
    }
    const { id: anomalyId, severity: before, status, run_id, run_is_over: runIsOver } = known
    const { severity, looksAfter, counts, tell } = joinAnomaly(
      { severity: before, acknowledged: status === 'acknowledged', runId: run_id, runIsOver },
      { severity: event.severity, runId },
    )
    if (counts) await addSighting(sql, anomalyId, { severity, at, runId: looksAfter ? runId : null })
    const lookedAfterBy = looksAfter ? runId : status === 'acknowledged' || runIsOver ? null : run_id
    return answer({ anomalyId, isNew: false, looksAfter, lookedAfterBy, severity }, tell)
  },
})

function open(sql: Sql, event: AnomalyEvent, given: { id: string; at: Date; runId: string }): Promise<void> {
  const { anomaly_type: type, severity, source, description, room_number, location, score, details } = event
  return insertAnomaly(sql, {
    ...given,
    key: anomalyKey(event),
    type,
    severity,
    source,
    description,
    details: {
      ...details,
      ...(location === undefined ? {} : { location }),
      ...(score === undefined ? {} : { score }),
    },
    subjects: subjectsOf({ room: room_number }),
  })
}

async function contactsOf(
  sql: Sql,
  notified: readonly Notified[],
  anomalyType: string,
  hotel: HotelRules,
): Promise<StaffContact[]> {
  const department = notified.includes('department')
    ? await departmentContacts(sql, departmentOf(anomalyType), hotel)
    : []
  const dutyManager = dutyManagerContacts(hotel, [
    ...(notified.includes('duty_manager_slack') ? (['slack'] as const) : []),
    ...(notified.includes('duty_manager_sms') ? (['sms'] as const) : []),
  ])
  // A department without a supervisor is the duty manager's, who is notified once.
  const others = dutyManager.filter((one) => !department.some(({ recipient }) => recipient === one.recipient))
  return [...department, ...others]
}

/** `by` null: not said who. `at` is the flow's clock, ISO 8601. */
export const acknowledgeAnomaly = defineTransaction<
  unknown,
  { anomalyId: string; by: string | null; at: string },
  null
>({
  name: 'acknowledge_anomaly',
  retry: STORE_RETRY,
  async run(_deps, { anomalyId, by, at }, { sql }) {
    await markAcknowledged(sql, anomalyId, by, at)
    return null
  },
})

export interface EscalatedAnomaly {
  /** Another sighting may have raised it. */
  severity: Severity
  tell: StaffContact[]
  /** How many times one like this is escalated. */
  times: number
}

/** Nobody acknowledged it in time. `at` is the flow's clock, ISO 8601. */
export const escalateAnomaly = defineTransaction<
  HotelDeps,
  { anomalyId: string; anomalyType: string; at: string },
  EscalatedAnomaly
>({
  name: 'escalate_anomaly',
  retry: STORE_RETRY,
  async run({ hotel }, { anomalyId, anomalyType, at }, { sql }) {
    const severity = await markEscalated(sql, anomalyId, at)
    const tell = await contactsOf(sql, notifiedNext(severity), anomalyType, hotel)
    return { severity, tell, times: escalationsOf(severity) }
  },
})
