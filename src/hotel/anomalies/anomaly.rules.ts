/** Which sightings are one anomaly, whose it is, and who is notified how. */

import { escapeForSlack, quotedForSlack } from '../messages/slack-text.rules.ts'
import { onOneLine } from '../plain-text.ts'
import { type AnomalyEvent, SEVERITIES, type Severity } from './anomaly.event.ts'

type Place = Pick<AnomalyEvent, 'room_number' | 'location'>

/** Type, source and place: what repeats under the same key may be the same anomaly. */
export function anomalyKey({
  anomaly_type,
  source,
  room_number,
  location,
}: Pick<AnomalyEvent, 'anomaly_type' | 'source'> & Place): string {
  const place = room_number === undefined ? (location ?? '') : `room:${room_number}`
  return JSON.stringify([anomaly_type, source, place])
}

export function higherSeverity(a: Severity, b: Severity): Severity {
  return rankOf(a) >= rankOf(b) ? a : b
}

function rankOf(severity: Severity): number {
  return SEVERITIES.indexOf(severity)
}

/** Any word of the type decides, in this order; everything else is the technicians' until they know better. */
const DEPARTMENT_WORDS: readonly [department: string, words: readonly string[]][] = [
  [
    'Security',
    ['theft', 'intrusion', 'intruder', 'trespassing', 'loitering', 'violence', 'weapon', 'security'],
  ],
  [
    'Engineering',
    ['water', 'leak', 'electric', 'electrical', 'power', 'hvac', 'elevator', 'gas', 'fire', 'smoke'],
  ],
  ['Front Office', ['revenue', 'booking', 'bookings', 'payment', 'occupancy', 'rate', 'cancellation']],
]

export function departmentOf(anomalyType: string): string {
  const words = anomalyType.split('_')
  const found = DEPARTMENT_WORDS.find(([, ones]) => ones.some((one) => words.includes(one)))
  return found?.[0] ?? 'Engineering'
}

/** Who is notified, and how. */
export type Notified = 'department' | 'duty_manager_slack' | 'duty_manager_sms'

const NOTIFIED: Record<Severity, readonly Notified[]> = {
  low: [],
  medium: ['department'],
  high: ['department', 'duty_manager_slack'],
  critical: ['department', 'duty_manager_slack', 'duty_manager_sms'],
}

/** `before`: the severity that people were notified of already. */
export function notifiedOf(severity: Severity, before: Severity = 'low'): Notified[] {
  return NOTIFIED[severity].filter((one) => !NOTIFIED[before].includes(one))
}

/** Who is notified when nobody acknowledged it: the next level up; of the highest, everybody again. */
export function notifiedNext(severity: Severity): readonly Notified[] {
  if (severity === 'low') return []
  if (severity === 'medium') return ['duty_manager_slack']
  return severity === 'high' ? ['duty_manager_slack', 'duty_manager_sms'] : NOTIFIED.critical
}

/** How many times it is escalated before nobody waits any more. */
export function escalationsOf(severity: Severity): number {
  if (severity === 'low') return 0
  return severity === 'critical' ? 3 : 1
}

/** The anomaly a sighting may belong to. Instants in milliseconds since the epoch. */
export interface OpenAnomaly {
  severity: Severity
  acknowledged: boolean
  runId: string
  /** The run that looked after it has ended. */
  runIsOver: boolean
}

export interface JoinedAs {
  severity: Severity
  /** Whether the sighting's own run looks after it from now on. */
  looksAfter: boolean
  /** Whether it is a sighting of its own: not when the same run sees it again. */
  counts: boolean
  tell: Notified[]
}

/**
 * What becomes of a sighting that belongs to a known anomaly. It joins, and notifies whoever a higher severity adds; where
 * nobody looks after the anomaly any more (it was only recorded so far, or its run ended unanswered), it begins anew.
 */
export function joinAnomaly(known: OpenAnomaly, seen: { severity: Severity; runId: string }): JoinedAs {
  const severity = higherSeverity(known.severity, seen.severity)
  const isOwn = known.runId === seen.runId
  const unattended = !known.acknowledged && (known.severity === 'low' || known.runIsOver)
  const looksAfter = severity !== 'low' && (isOwn || unattended)
  const tell = looksAfter ? notifiedOf(severity) : notifiedOf(severity, known.severity)
  return { severity, looksAfter, counts: !isOwn, tell }
}

/** What people are told. `runId` takes the signal `acknowledge`; null: nobody waits for it. */
export interface AnomalyNews extends Pick<AnomalyEvent, 'anomaly_type' | 'source' | 'description'>, Place {
  severity: Severity
  runId: string | null
  /** 0: it is new; else how many times it was escalated. */
  escalation: number
}

/** In Slack's markup. */
export function anomalyText(news: AnomalyNews): string {
  const { severity, anomaly_type, source, description, runId, escalation } = news
  const head = escalation === 0 ? '⚠ *Anomaly*' : `🚨 *Nobody acknowledged this* (${escalation})`
  return [
    `${head}: ${anomaly_type}, ${severity}`,
    `Where: ${escapeForSlack(placeInWords(news))}`,
    `Source: ${escapeForSlack(source)}`,
    quotedForSlack(description),
    ...(runId === null ? [] : [`Acknowledge: run ${runId}, signal acknowledge.`]),
  ].join('\n')
}

/** Of a phone: the description stays in Slack. */
export function anomalySms(news: AnomalyNews): string {
  const { severity, anomaly_type, escalation, runId } = news
  const head = escalation === 0 ? '' : 'Nobody acknowledged: '
  return `${head}${severity} ${anomaly_type}, ${placeInWords(news)}.${runId === null ? '' : ' Please acknowledge.'}`
}

function placeInWords({ room_number, location }: Place): string {
  return room_number === undefined ? onOneLine(location ?? 'no place given') : `room ${room_number}`
}
