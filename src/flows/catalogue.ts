/** Every flow of the service: the table of contents. */
import type { AnyFlow } from '../engine/flow.ts'
import { processAttendance } from './attendance/process-attendance.ts'

export const FLOWS: readonly AnyFlow[] = [processAttendance]
