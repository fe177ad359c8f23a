import { FlowFailure } from '../../platform/engine/errors.ts'
import { defineFlow, type Flow } from '../../platform/engine/flow.ts'
import { inMinutes } from '../plain-text.ts'
import { subjectsOf } from '../subjects.ts'
import { AttendanceEvent } from './attendance.event.ts'
import { type AttendanceDeps, type LowConfidence, type Punch, recordPunch } from './attendance.tasks.ts'
import { notifySupervisor } from './notify.tasks.ts'

/**
 * A face at the staff door: log the punch, and notify the supervisor when it is late.
 *
 *   validate ──┬─ unsure ─ keep for review, fail
 *              └─ log attendance ── check if late ──┬─ on time ─ done
 *                                                   └─ late ──── notify supervisor
 *
 * The first three are one database transaction (`record_punch`), applied exactly once. Fails with `low_confidence`
 * when the camera was not sure enough.
 */
export const processAttendance = defineFlow({
  name: 'process_attendance',
  description: 'Log a staff punch; tell the supervisor when the check-in is late',
  parameters: AttendanceEvent,
  subjects: ({ employee_id }) => subjectsOf({ employee: employee_id }),
  estimatedMinutes: 0.1,
  queue: 'events',

  async run(flow: Flow<AttendanceDeps>, event) {
    const punch = await flow.task(recordPunch, event)
    if (punch.kind === 'low_confidence') throw tooUnsure(punch)
    const { logId, isLate, samePunch } = punch
    flow.log(inWords(punch), { log_id: logId, same_punch: samePunch })
    if (isLate && !samePunch) await flow.task(notifySupervisor, punch)
    return { log_id: logId, is_late: isLate, status: 'completed' as const }
  },
})

function tooUnsure({ confidence, minimum }: LowConfidence): FlowFailure {
  const message = `Confidence ${confidence} is below ${minimum}: kept for review, not logged.`
  return new FlowFailure('low_confidence', message, 'validate_attendance_event')
}

function inWords({ action, isLate, lateMinutes }: Punch): string {
  if (action === 'check_out') return 'checked out'
  return isLate ? `checked in late by ${inMinutes(lateMinutes)}` : 'checked in on time'
}
