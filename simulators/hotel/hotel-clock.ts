/** The time of a hotel whose days last minutes. */
export interface HotelClock {
  /** This machine's time until the hotel begins, then hotel time. */
  now(): Date
  /** From here on it is `at` in the hotel. */
  begin(at: Date): void
  /** Real milliseconds until it is `at` in the hotel; not below 0. */
  until(at: Date): number
  /** Hotel seconds per real second. */
  readonly pace: number
}

export function createHotelClock(pace: number): HotelClock {
  let began: { real: number; hotel: number } | undefined
  const now = () =>
    began === undefined ? new Date() : new Date(began.hotel + (Date.now() - began.real) * pace)
  return {
    now,
    begin(at) {
      began = { real: Date.now(), hotel: at.getTime() }
    },
    until: (at) => Math.max(0, (at.getTime() - now().getTime()) / pace),
    pace,
  }
}
