/** The locks under which what is shared is changed, one transaction at a time in the whole hotel. */

/** Every transaction that changes a booking takes this lock: `defineTransaction({ lock: ... })`. */
export const bookingLock = (bookingId: string) => `booking:${bookingId}`
/** Every transaction that changes a room takes this lock: `defineTransaction({ lock: ... })`. */
export const roomLock = (roomNumber: string) => `room:${roomNumber}`
