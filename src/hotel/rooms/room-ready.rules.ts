/** When a guest may be told that the room is ready. */
import { addDays, atLocal } from '../../platform/time/local-time.ts'
import type { RoomState } from './room-state.rules.ts'

/** From here on a picture is believed against what a person reported. */
const SURE = 0.8

/** `inspectsRooms`: the hotel has every room looked at after it is cleaned. */
export function isReady(
  { housekeeping, occupancy, maintenance }: RoomState,
  { inspectsRooms }: { inspectsRooms: boolean },
): boolean {
  const made = housekeeping === 'inspected' || (housekeeping === 'clean' && !inspectsRooms)
  return made && occupancy === 'vacant' && maintenance === 'none'
}

/** Whether a camera surely saw a dirty room, and saw it after it became what it is. `changedAt` null: not known since when. */
export function looksDirtySince(
  changedAt: string | null,
  { looks, confidence, analysed_at }: { looks: string; confidence: number; analysed_at: string },
): boolean {
  const isNewer = changedAt === null || new Date(analysed_at) > new Date(changedAt)
  return isNewer && looks === 'dirty' && confidence >= SURE
}

/** News of a ready room is stale when the day it was for is over: at the next night audit. */
export function staleAt(
  businessDate: string,
  { timezone, nightAuditAt }: { timezone: string; nightAuditAt: string },
): Date {
  return atLocal(addDays(businessDate, 1), nightAuditAt, timezone)
}
