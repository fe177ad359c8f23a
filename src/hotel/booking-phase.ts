/** Where a booking stands, whatever words the hotel's own programs write. */
export type Phase = 'open' | 'checked_in' | 'checked_out' | 'cancelled' | 'no_show'

/** The hotel's own words for a booking whose guest is still to come are many: all but these count as open. */
const PHASES: Record<string, Phase> = {
  checked_in: 'checked_in',
  in_house: 'checked_in',
  checked_out: 'checked_out',
  departed: 'checked_out',
  cancelled: 'cancelled',
  canceled: 'cancelled',
  no_show: 'no_show',
}

export function phaseOf(status: string | null | undefined): Phase {
  return (
    PHASES[
      (status ?? '')
        .trim()
        .toLowerCase()
        .replace(/[\s-]+/g, '_')
    ] ?? 'open'
  )
}
