import { describe, expect, it } from 'vitest'
import type { AttendanceEvent } from '../../../../src/hotel/attendance/attendance.event.ts'
import type {
  AttendanceDeps,
  LowConfidence,
  Punch,
} from '../../../../src/hotel/attendance/attendance.tasks.ts'
import { processAttendance } from '../../../../src/hotel/attendance/process-attendance.flow.ts'
import type { AnyTask, Flow } from '../../../../src/platform/engine/flow.ts'

const EVENT: AttendanceEvent = {
  employee_id: 'EMP001',
  timestamp: '2025-01-17T08:30:00Z',
  action: 'check_in',
  confidence: 0.98,
}
const PUNCH: Punch = {
  kind: 'logged',
  logId: 7,
  employeeId: 'EMP001',
  employeeName: 'Lê Thị Hoa',
  department: 'Kitchen',
  action: 'check_in',
  isLate: false,
  lateMinutes: 0,
  shiftDate: '2025-01-17',
  samePunch: false,
}
const LATE = { ...PUNCH, isLate: true, lateMinutes: 12 }

/** Only the words this flow uses; every task is answered by name and noted. */
function scripted(punch: Punch | LowConfidence) {
  const tasks: [string, unknown][] = []
  const lines: string[] = []
  const flow = {
    runId: 'fr_1',
    eventId: 'evt_1',
    task: async <Input, Output>(task: AnyTask<AttendanceDeps, Input, Output>, input: Input) => {
      tasks.push([task.name, input])
      return (task.name === 'record_punch' ? punch : null) as Output
    },
    log: (message: string) => void lines.push(message),
  } as Flow<AttendanceDeps>
  return { tasks, lines, run: () => processAttendance.run(flow, EVENT) }
}

describe('process_attendance', () => {
  it('on time: logs and tells nobody', async () => {
    const { run, tasks, lines } = scripted(PUNCH)
    expect(await run()).toEqual({ log_id: 7, is_late: false, status: 'completed' })
    expect(tasks).toEqual([['record_punch', EVENT]])
    expect(lines).toEqual(['checked in on time'])
  })

  it('late: tells the supervisor what was logged', async () => {
    const { run, tasks, lines } = scripted(LATE)
    expect(await run()).toEqual({ log_id: 7, is_late: true, status: 'completed' })
    expect(tasks.at(-1)).toEqual(['notify_supervisor', LATE])
    expect(lines).toEqual(['checked in late by 12 minutes'])
  })

  it('another sighting of a late punch: the same answer, nobody told again', async () => {
    const { run, tasks } = scripted({ ...LATE, samePunch: true })
    expect(await run()).toEqual({ log_id: 7, is_late: true, status: 'completed' })
    expect(tasks.map(([name]) => name)).toEqual(['record_punch'])
  })

  it('unsure: fails by its own decision, naming the part that found out', async () => {
    const { run } = scripted({ kind: 'low_confidence', confidence: 0.55, minimum: 0.7 })
    await expect(run()).rejects.toMatchObject({
      name: 'FlowFailure',
      code: 'low_confidence',
      message: 'Confidence 0.55 is below 0.7: kept for review, not logged.',
      taskName: 'validate_attendance_event',
    })
  })

  it('is about the employee, and people wait for it', () => {
    expect(processAttendance.subjects(EVENT)).toEqual(['employee:EMP001'])
    expect(processAttendance.queue).toBe('events')
  })
})
