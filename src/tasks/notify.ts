import { supervisorsOf } from '../db/attendance.ts'
import { lateAlertText } from '../domain/late-alert.ts'
import { GiveUp } from '../engine/errors.ts'
import { defineTask } from '../engine/flow.ts'
import type { AttendanceDeps, Punch } from './attendance.ts'
import { type StaffMessage, tell } from './staff-messages.ts'

const ATTEMPTS = 3

/**
 * Tells the supervisors of the employee's department, in Slack, once per employee and shift.
 *
 * Throws TryAgain while Slack is unreachable or limits its rate, GiveUp (`slack_refused`) when it refuses for good.
 * Slack takes no idempotency key: a process killed between sending and marking sends the message a second time.
 */
export const notifySupervisor = defineTask<AttendanceDeps, Punch, void>({
  name: 'notify_supervisor',
  retry: { attempts: ATTEMPTS, firstDelaySeconds: 5, backoff: 2, jitter: 0.2 },
  timeoutSeconds: 30,
  async run(deps, punch, context) {
    const supervisors = punch.department ? await supervisorsOf(deps.database, punch.department) : []
    if (supervisors.length === 0) return context.log('nobody to tell: the department has no supervisor')
    const message: Omit<StaffMessage, 'recipient'> = {
      channel: 'slack',
      template: 'late_check_in',
      subjectKey: `${punch.employeeId}:${punch.shiftDate}`,
      text: lateAlertText(punch),
      subjects: [`employee:${punch.employeeId}`],
    }
    const failures: unknown[] = []
    for (const recipient of supervisors) {
      // One supervisor who cannot be reached must not keep the others uninformed.
      await tell(deps, { ...message, recipient }, context, ATTEMPTS).catch((error: unknown) =>
        failures.push(error),
      )
    }
    if (failures.length > 0) throw failures.find((error) => !(error instanceof GiveUp)) ?? failures[0]
  },
})
