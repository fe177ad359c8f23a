import { type EngineActs, type InboxSource, settling } from '../../platform/inbox/inbox-source.ts'
import { retryRun, settleRun } from '../../platform/inbox/unsettled-runs.ts'
import { judgeReview } from './attendance.sql.ts'

interface ReviewFacts {
  employee_id: string
  action: 'check_in' | 'check_out'
  /** ISO 8601 */
  timestamp: string
  camera_id: string | null
  confidence: number
  reason: string
}

/** `attendance_review`: a camera was not sure whom it saw. Who knows the person says whether it was them. */
export function attendanceReviews(engine: EngineActs): InboxSource<ReviewFacts> {
  return {
    kind: 'attendance_review',
    failures: ['low_confidence'],
    open: () => ({
      from: 'prefect.attendance_reviews a',
      where: ['a.reviewed_at is null'],
      ref: 'a.run_id',
      since: 'a.created_at',
      who: "'supervisor'",
      subjects: `array['employee:' || a.employee_id]`,
      flowRunId: 'a.run_id',
      eventId: '(select r.event_id from prefect.flow_runs r where r.id = a.run_id)',
      facts: `jsonb_build_object('employee_id', a.employee_id, 'action', a.action, 'timestamp', a.timestamp,
        'camera_id', a.camera_id, 'confidence', a.confidence, 'reason', a.reason)`,
    }),
    at: (ref, bind) => [`a.run_id = ${bind(ref)}`],
    describe: ({ facts }) => ({
      title: `Was it ${facts.employee_id} who ${facts.action === 'check_in' ? 'came' : 'left'}?`,
      details: { ...facts },
    }),
    actions: () => ({
      accept: settling({
        title: 'It was: log the punch',
        // The run does it, as of any good punch: once, in its own transaction, and the supervisor hears of a late one.
        async settle({ sql, entry }) {
          await judgeReview(sql, entry.ref, true)
          return retryRun(engine, sql, entry.ref)
        },
      }),
      reject: settling({
        title: 'It was not: nothing is logged',
        async settle({ sql, entry }) {
          await judgeReview(sql, entry.ref, false)
          await settleRun(sql, entry.ref)
          return undefined
        },
      }),
    }),
  }
}
