import { z } from 'zod'
import { CLEANING_KINDS } from '../rooms/cleaning-orders.rules.ts'
import { HotelDate } from '../words.ts'

const Attendant = z.object({
  employee_id: z.string().trim().min(1).max(100),
  /** Of cleaning, breaks taken off; default: the hotel's. */
  minutes: z.number().int().min(0).max(1_440).optional(),
  /** Where the person works by preference. */
  floors: z.array(z.number().int()).max(50).optional(),
  section: z.string().min(1).max(50).optional(),
  /** The kinds of cleaning the person does; default: all. */
  skills: z.array(z.enum(CLEANING_KINDS)).optional(),
})

/** What `assign_cleaning` is asked. Without attendants: whoever of Housekeeping works a shift that day. */
export const CleaningRequest = z
  .object({
    /** Default: today's business date. */
    business_date: HotelDate.optional(),
    attendants: z
      .array(Attendant)
      .max(200)
      .refine((list) => new Set(list.map(({ employee_id }) => employee_id)).size === list.length, {
        message: 'names an employee twice',
      })
      .optional(),
    /** True: the plan is answered, and nobody is assigned anything. */
    dry_run: z.boolean().default(false),
  })
  .meta({ id: 'CleaningRequest', examples: [{ business_date: '2025-01-17' }] })
export type CleaningRequest = z.infer<typeof CleaningRequest>

/** The day as it is planned. */
export interface CleaningOutcome {
  business_date: string
  /** Rooms in somebody's list that are not begun. */
  assigned: number
  unassigned: {
    room_number: string
    kind: string
    /** `no_attendant`, `no_skill`, or `no_capacity`: whoever could has no minutes or rooms left. */
    reason: string
  }[]
  /** `rooms` in the order they are cleaned, those in progress first; `minutes` of all of them. */
  attendants: { employee_id: string; rooms: string[]; minutes: number }[]
  /** (max - min) / mean of the attendants' minutes. */
  spread: number
}
