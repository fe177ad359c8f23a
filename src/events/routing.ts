/** Which event starts which flow. The one place that says so. */
import type { z } from 'zod'
import { AttendanceEvent, type EventKind } from '../contract/event.ts'

export interface Route {
  readonly schema: z.ZodType<{ timestamp: string }>
  /** Flow names, in the order the answer lists their runs. Their parameters are the event. */
  readonly starts: readonly string[]
}

export const ROUTES: Record<EventKind, Route> = {
  attendance: { schema: AttendanceEvent, starts: ['process_attendance'] },
}
