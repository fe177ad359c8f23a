/** The kinds of cleaning that a room can be ordered. */
export const CLEANING_KINDS = ['departure', 'stay_over', 'pickup'] as const
export type CleaningKind = (typeof CLEANING_KINDS)[number]

/** Whole minutes each kind takes. The more it takes, the more it includes. */
export const CLEANING_MINUTES: Record<CleaningKind, number> = { departure: 30, stay_over: 18, pickup: 10 }
