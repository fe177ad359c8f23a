/** Calendars of closed dates: a country's public holidays (`holidays:VN`, `holidays:DE-BY`), and the hotel's own. */
import { addDays } from '../../time/local-time.ts'

const DAY_MS = 86_400_000
const COUNTRY = /^holidays:([A-Z]{2})(?:-([A-Z0-9]{1,10}))?$/

type Dates = ReadonlyMap<string, string>

/** Why a local date ('YYYY-MM-DD') is closed, with the calendar that says so: 'holidays:VN: Quốc khánh'. Undefined: it is not. */
export async function closedOn(
  calendars: readonly string[],
  ownDates: ReadonlyMap<string, Dates>,
): Promise<(localDate: string) => string | undefined> {
  const read = await Promise.all(
    calendars.map(async (name) => {
      const own = ownDates.get(name)
      return { name, on: own ? (date: string) => own.get(date) : await holidaysOf(name) }
    }),
  )
  return (date) => {
    for (const { name, on } of read) {
      const reason = on(date)
      if (reason !== undefined) return reason === '' ? name : `${name}: ${reason}`
    }
    return undefined
  }
}

/** Of a calendar that is not the hotel's own. Undefined: it is known. Else what to change, as a sentence without its subject. */
export async function checkCalendar(name: string): Promise<string | undefined> {
  const match = COUNTRY.exec(name)
  if (match === null) {
    return `must be holidays:<COUNTRY> (holidays:VN, holidays:DE-BY) or a calendar that has dates; "${name}" has none`
  }
  const [, country = '', state] = match
  const library = new (await holidays())()
  if (!Object.hasOwn(library.getCountries(), country)) {
    return `must name a country whose holidays are known, by its two letters (ISO 3166): "${country}" is none`
  }
  const states = library.getStates(country) ?? {}
  if (state === undefined || Object.hasOwn(states, state)) return undefined
  const known = Object.keys(states).join(', ')
  return `must name a state of ${country} (${known || 'there are none'}), not "${state}"`
}

/** Whether a name is meant to be a country's. */
export const isCountry = (name: string): boolean => name.startsWith('holidays:')

/** The public holidays of a calendar that `checkCalendar` knows, in order. */
export async function holidaysIn(name: string, year: number): Promise<{ date: string; reason: string }[]> {
  const on = await holidaysOf(name)
  const dates: { date: string; reason: string }[] = []
  for (let date = `${year}-01-01`; date <= `${year}-12-31`; date = addDays(date, 1)) {
    const reason = on(date)
    if (reason !== undefined) dates.push({ date, reason })
  }
  return dates
}

/** Large: loaded when somebody first names a country. */
const holidays = async () => (await import('date-holidays')).default

const kept = new Map<string, Promise<(date: string) => string | undefined>>()

/** Those of a country: each year is worked out once. */
function holidaysOf(name: string): Promise<(date: string) => string | undefined> {
  const known = kept.get(name) ?? readHolidays(name)
  kept.set(name, known)
  return known
}

async function readHolidays(name: string): Promise<(date: string) => string | undefined> {
  const [, country = '', state = ''] = COUNTRY.exec(name) ?? []
  const library = new (await holidays())(country, state)
  const years = new Map<number, Dates>()
  const inYear = (year: number) => {
    const dates = years.get(year) ?? datesOf(library.getHolidays(year))
    years.set(year, dates)
    return dates
  }
  return (date) => {
    const year = Number(date.slice(0, 4))
    // Those that began in the last days of the year before.
    return inYear(year).get(date) ?? inYear(year - 1).get(date)
  }
}

interface Holiday {
  /** 'YYYY-MM-DD ...', local. */
  date: string
  start: Date
  end: Date
  name: string
  type: string
}

/** The public ones, day by day: where two meet, a day has the name of the shorter, which says more. */
function datesOf(found: readonly Holiday[]): Dates {
  const lengthOf = ({ start, end }: Holiday) =>
    Math.max(1, Math.round((end.getTime() - start.getTime()) / DAY_MS))
  const open = found.filter(({ type }) => type === 'public').sort((a, b) => lengthOf(b) - lengthOf(a))
  const dates = new Map<string, string>()
  for (const holiday of open) {
    for (let day = 0; day < lengthOf(holiday); day++)
      dates.set(addDays(holiday.date.slice(0, 10), day), holiday.name)
  }
  return dates
}
