import { defineTask } from '../../platform/engine/flow.ts'
import { CALL_RETRY } from '../../platform/engine/retries.ts'
import { notifyStaff, type StaffMessage } from '../../platform/notifications/staff-messages.ts'
import { supervisorsOf } from '../messages/staff-contacts.sql.ts'
import { subjectsOf } from '../subjects.ts'
import type { AttendanceDeps, Punch } from './attendance.tasks.ts'
import { lateAlertText } from './late-alert.rules.ts'

/**
 * Notifies the supervisors of the employee's department, in Slack, once per employee and shift.
 *
 * Throws TryAgain while Slack is unreachable or limits its rate, GiveUp (`slack_refused`) when it refuses for good.
 * Slack takes no idempotency key: a process killed between sending and marking sends the message a second time.
 */
export const notifySupervisor = defineTask<AttendanceDeps, Punch, void>({
  name: 'notify_supervisor',
  // Nothing follows that would notify them otherwise.
  retry: CALL_RETRY,
  timeoutSeconds: 30,
  async run(deps, punch, context) {
    const supervisors = punch.department ? await supervisorsOf(deps.database, punch.department) : []
    if (supervisors.length === 0) return context.log('nobody to tell: the department has no supervisor')
    const message: Omit<StaffMessage, 'recipient'> = {
      channel: 'slack',
      template: 'late_check_in',
      subjectKey: `${punch.employeeId}:${punch.shiftDate}`,
      text: lateAlertText(punch),
      subjects: subjectsOf({ employee: punch.employeeId }),
    }
    const messages = supervisors.map((recipient) => ({ ...message, recipient }))
    await notifyStaff(deps, messages, context)
  },
})
