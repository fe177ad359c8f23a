/** The clocks of timezones by Intl alone, minute by minute: what the calculation is checked against. */
export const ZONES = [
  'Europe/Paris',
  'Europe/Dublin',
  'America/New_York',
  'America/Santiago',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Beirut',
  'Asia/Tehran',
]

const MINUTE = 60_000
const DAY = 86_400_000

export interface Shown {
  at: number
  /** 'YYYY-MM-DDTHH:MM' */
  text: string
}

/** What the clocks show at each minute. */
export function minutesBetween(from: number, to: number, zone: string): Shown[] {
  const format = formatOf(zone)
  const shown: Shown[] = []
  for (let at = from; at < to; at += MINUTE) shown.push({ at, text: format(at) })
  return shown
}

/** The instants, to the minute, at which the clocks were put forward or back. */
export function changes(zone: string, from: number, to: number): number[] {
  const format = formatOf(zone)
  const offset = (at: number) => Date.parse(`${format(at)}:00Z`) - at
  const found: number[] = []
  for (let day = from; day < to; day += DAY) {
    if (offset(day) === offset(day + DAY)) continue
    let at = day + MINUTE
    while (offset(at) === offset(day)) at += MINUTE
    found.push(at)
  }
  return found
}

function formatOf(timeZone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })
  return (at) => format.format(at).replace(' ', 'T')
}
