import { defineFlow, type Flow } from '../../platform/engine/flow.ts'
import type { HotelDeps, StorageDeps } from '../deps.ts'
import { instant } from '../steps.ts'
import { assignCleaningDay, findBusinessDate } from './cleaning-day.tasks.ts'
import { keepCleaningList } from './cleaning-list.tasks.ts'
import { CleaningRequest } from './cleaning-request.parameters.ts'

/**
 * Who cleans which room today, in which order.
 *
 *   which day? ── what is to be cleaned ── who is here ── share it out ── write the lists ── keep them as a file
 *                 departures, stay-overs,   shifts, or     longest first,
 *                 pickups, arrivals' rooms  as given       evened out
 *
 * All between the first and the last are one database transaction. To be run again whenever the day changed: what somebody has begun stays
 * with him, the rest is planned anew. What fits nobody is listed with its reason.
 */
export const assignCleaning = defineFlow({
  name: 'assign_cleaning',
  description:
    "Make the day's cleaning lists from rooms and bookings, and share them out among the attendants",
  parameters: CleaningRequest,
  subjects: () => [],
  estimatedMinutes: 0.1,

  async run(flow: Flow<HotelDeps & StorageDeps>, { business_date, attendants, dry_run }) {
    const now = await instant(flow)
    const businessDate = business_date ?? (await flow.task(findBusinessDate, { now }))
    const day = await flow.task(assignCleaningDay, { businessDate, now, attendants, dryRun: dry_run })
    const { assigned, unassigned, spread } = day
    flow.log('cleaning shared out', { assigned, unassigned: unassigned.length, spread })
    const list = dry_run ? { url: null } : await flow.task(keepCleaningList, day)
    return { ...day, list_url: list.url }
  },
})
