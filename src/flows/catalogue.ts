/** Every flow of the service: the table of contents. */
import type { FlowFor } from '../engine/flow.ts'
import type { AttendanceDeps } from '../tasks/attendance.ts'
import { processAttendance } from './attendance/process-attendance.ts'

/** What the composition root gives to the flows: all that any of them needs. */
export type ServiceDeps = AttendanceDeps

/** A flow that needs more than `ServiceDeps` does not compile here. */
export const FLOWS: readonly FlowFor<ServiceDeps>[] = [processAttendance]
