/** Every flow of the service: the table of contents. */
import type { FlowDefinition } from '../engine/flow.ts'
import type { AttendanceDeps } from '../tasks/attendance.ts'
import { processAttendance } from './attendance/process-attendance.ts'

/** What the composition root gives to the flows: all that any of them needs. */
export type ServiceDeps = AttendanceDeps

/** A flow that needs more than `ServiceDeps` does not compile here. */
// biome-ignore lint/suspicious/noExplicitAny: flows of many shapes; each is checked where it is defined
export const FLOWS: readonly FlowDefinition<ServiceDeps, any, any>[] = [processAttendance]
