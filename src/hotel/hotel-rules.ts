/**
 * Whether what is told of a room that nobody entered adds it: `yes`, `no`, or `auto`: as long as every room there is came
 * that way. A hotel that has a list of its rooms knows better than a sender who mistypes one.
 */
export type RoomsFromEvents = 'auto' | 'yes' | 'no'

/** How this hotel wants things done: one setting each, the same for every flow. Times are hotel wall clock, 'HH:MM'. */
export interface HotelRules {
  name: string
  /** IANA name. */
  timezone: string
  /** Of messages to guests whose language is not known: `vi` or `en`. */
  language: string
  currency: string
  /** When the business date rolls. */
  nightAuditAt: string
  /** What guests are told. */
  checkInTime: string
  checkOutTime: string
  /** True: a room is ready when it is inspected; false: when it is clean. */
  inspectsRooms: boolean
  roomsFromEvents: RoomsFromEvents
  /** Between the look that finds a room ready and the message: time to change one's mind. */
  roomReadyDelaySeconds: number
  quietHours: { from: string; to: string }
  guestRequestMinutes: number
  /** Repeats of an anomaly within it join the first. */
  anomalyWindowMinutes: number
  anomalyAcknowledgeMinutes: number
  /** Slack id and phone of whoever answers when nobody else does; either may be missing. */
  dutyManager: { slack: string | undefined; phone: string | undefined }
  housekeeping: { shiftMinutes: number; maxRooms: number }
}
