import type { AnomalyEvent } from '../../../../src/hotel/anomalies/anomaly.event.ts'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import type { Message } from '../guest-requests/staff-rig.ts'

export const LEAK: AnomalyEvent = {
  anomaly_type: 'water_leak',
  severity: 'high',
  source: 'sensor_bath_201',
  description: 'Humidity rose by 40 % in ten minutes',
  room_number: '201',
  score: 0.97,
  timestamp: '2025-01-17T10:00:00Z',
}

interface AnomalyLine {
  id: string
  severity: string
  status: string
  occurrences: number
  subjects: string[]
  first_seen_at: Date
  last_seen_at: Date
  acknowledged_by: string | null
  acknowledged_at: Date | null
  escalated_at: Date | null
  run_id: string
}

export function anomalies(database: Database): Promise<AnomalyLine[]> {
  return database.query<AnomalyLine>('select * from prefect.anomalies order by first_seen_at, id')
}

/** `channel recipient`, in order. */
export async function toldTo(messages: Promise<Message[]>): Promise<string[]> {
  return (await messages).map(({ channel, recipient }) => `${channel} ${recipient}`)
}
