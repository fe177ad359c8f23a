/** The time of a hotel whose days last minutes. */
export interface HotelClock {
  /** This machine's time until the hotel begins, then hotel time. */
  now(): Date
  /** From here on it is `at` in the hotel. */
  begin(at: Date): void
  /** Real milliseconds until it is `at` in the hotel; not below 0. */
  until(at: Date): number
}

/** `speed`: hotel seconds per real second. */
export function createHotelClock(speed: number): HotelClock {
  let began: { real: number; hotel: number } | undefined
  const now = () =>
    began === undefined ? new Date() : new Date(began.hotel + (Date.now() - began.real) * speed)
  return {
    now,
    begin(at) {
      began = { real: Date.now(), hotel: at.getTime() }
    },
    until: (at) => Math.max(0, (at.getTime() - now().getTime()) / speed),
  }
}
