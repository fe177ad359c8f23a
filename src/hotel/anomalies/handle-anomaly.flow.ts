import { defineFlow, type Flow } from '../../platform/engine/flow.ts'
import type { StaffMessage, StaffMessageDeps } from '../../platform/notifications/staff-messages.ts'
import type { HotelDeps } from '../deps.ts'
import { notifyEach } from '../messages/notify-each.flow.ts'
import type { StaffContact } from '../messages/staff-contacts.tasks.ts'
import { instant } from '../steps.ts'
import { subjectsOf } from '../subjects.ts'
import { acknowledge } from './acknowledge.signal.ts'
import {
  acknowledgeAnomaly,
  escalateAnomaly,
  type RegisteredAnomaly,
  registerAnomaly,
} from './anomalies.tasks.ts'
import { AnomalyEvent, type Severity } from './anomaly.event.ts'
import { anomalySms, anomalyText } from './anomaly.rules.ts'

type Deps = HotelDeps & StaffMessageDeps

/**
 * Something is not as it should be: notify whoever has to know, and see that somebody takes it on.
 *
 *   register ─┬─ one that is known ─ notify whoever a higher severity adds ─ joined
 *             ├─ low ─ recorded
 *             └─ medium and more ─ notify ─ wait for acknowledge ─┬───────────────────── acknowledged
 *                                            ▲      └ too late: notify next level ───┐
 *                                            └──── once, of critical three times ◄───┴── escalated
 *
 * What nobody can be notified of is escalated at once. Nothing is done to a room by itself. An anomaly whose run ended with
 * nobody having answered begins anew with the next sighting.
 */
export const handleAnomaly = defineFlow({
  name: 'handle_anomaly',
  description: 'Record an anomaly, tell whoever has to know, and escalate it until somebody acknowledges it',
  parameters: AnomalyEvent,
  subjects: ({ room_number }) => subjectsOf({ room: room_number }),
  estimatedMinutes: 15,
  queue: 'events',

  async run(flow: Flow<Deps>, event) {
    const seen = await flow.task(registerAnomaly, event)
    const { anomalyId: anomaly_id, severity, isNew, looksAfter } = seen
    const told = await notifyEach(
      flow,
      newsOf(flow, event, seen, { severity, tell: seen.tell, escalation: 0 }),
    )
    flow.log('anomaly registered', { anomaly_id, severity, is_new: isNew, told })
    if (looksAfter) return { anomaly_id, ...(await lookAfter(flow, event, seen, told)) }
    return { status: isNew ? ('recorded' as const) : ('joined' as const), anomaly_id, told }
  },
})

async function lookAfter(flow: Flow<Deps>, event: AnomalyEvent, seen: RegisteredAnomaly, toldFirst: number) {
  const { anomalyId, acknowledgeSeconds } = seen
  let told = toldFirst
  let within = told === 0 ? 0 : acknowledgeSeconds
  for (let escalation = 1, times = 1; ; escalation++) {
    const answer = await flow.waitFor(acknowledge, { within })
    if (answer !== undefined) {
      await flow.task(acknowledgeAnomaly, { anomalyId, by: answer.by, at: await instant(flow) })
      return { status: 'acknowledged' as const, told }
    }
    if (escalation > times) return { status: 'escalated' as const, told }
    const about = { anomalyId, anomalyType: event.anomaly_type, at: await instant(flow) }
    const escalated = await flow.task(escalateAnomaly, about)
    flow.log('nobody acknowledged it: escalated', { anomaly_id: anomalyId, times: escalation })
    told += await notifyEach(flow, newsOf(flow, event, seen, { ...escalated, escalation }))
    times = escalated.times
    within = acknowledgeSeconds
  }
}

function newsOf(
  { runId }: Flow<Deps>,
  event: AnomalyEvent,
  { anomalyId, lookedAfterBy }: RegisteredAnomaly,
  { severity, tell, escalation }: { severity: Severity; tell: StaffContact[]; escalation: number },
): StaffMessage[] {
  const news = { ...event, severity, escalation, runId: lookedAfterBy }
  return tell.map((contact) => ({
    ...contact,
    template: escalation === 0 ? 'anomaly' : 'anomaly_escalated',
    subjectKey: `${anomalyId}:${runId}:${escalation}`,
    text: contact.channel === 'sms' ? anomalySms(news) : anomalyText(news),
    subjects: subjectsOf({ room: event.room_number }),
  }))
}
