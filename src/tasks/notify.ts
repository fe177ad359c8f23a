import { supervisorsOf } from '../db/attendance.ts'
import { markAttemptFailed, markSandbox, markSent, type OutboxRow, openMessage } from '../db/outbox.ts'
import { lateAlertText } from '../domain/late-alert.ts'
import { describeError, GiveUp } from '../engine/errors.ts'
import { defineTask, type TaskContext } from '../engine/flow.ts'
import type { AttendanceDeps, Punch } from './attendance.ts'

const ATTEMPTS = 3

/**
 * Tells the supervisors of the employee's department, in Slack, once per employee and shift. The outbox row decides:
 * one that is sent (or kept in the sandbox) is not sent again, and one that another run is sending is left to it.
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
    const failures: unknown[] = []
    for (const recipient of supervisors) {
      // One supervisor who cannot be reached must not keep the others uninformed.
      await tell(deps, punch, recipient, context).catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw failures.find((error) => !(error instanceof GiveUp)) ?? failures[0]
  },
})

async function tell(
  { database, slack, notified }: AttendanceDeps,
  punch: Punch,
  recipient: string,
  { runId, attempt, signal, log }: TaskContext,
): Promise<void> {
  signal.throwIfAborted()
  const text = lateAlertText(punch)
  const row = await openMessage(database, {
    channel: 'slack',
    recipient,
    template: 'late_check_in',
    subjectKey: `${punch.employeeId}:${punch.shiftDate}`,
    language: 'en',
    body: text,
    runId,
    subjects: [`employee:${punch.employeeId}`],
  })
  if (!isOurs(row, runId)) return log('already told about this shift', { notification_id: row.id })
  if (!slack) {
    await markSandbox(database, row.id)
    notified('slack', 'sandbox')
    return log('no Slack token: kept in the sandbox', { notification_id: row.id })
  }
  const { id } = await slack.post({ channel: recipient, text }, signal).catch(async (error: unknown) => {
    const { code, message } = describeError(error)
    const final = error instanceof GiveUp || attempt >= ATTEMPTS
    await markAttemptFailed(database, row.id, `${code}: ${message}`, final)
    if (final) notified('slack', 'failed')
    throw error
  })
  await markSent(database, row.id, id)
  notified('slack', 'sent')
  log('supervisor told', { notification_id: row.id })
}

function isOurs(row: OutboxRow, runId: string): boolean {
  return row.status === 'pending' && row.run_id === runId
}
