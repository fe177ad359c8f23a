/** Placeholders in a schedule's parameters, which stand for the time a firing is for, whenever it starts. */
import { localText } from '../../time/local-text.ts'
import { addDays, localDate } from '../../time/local-time.ts'

export interface FiringTime {
  nominal: Date
  previous_nominal: Date | undefined
  /** The hotel's day at the nominal time: 'YYYY-MM-DD'. */
  business_date: string
  timezone: string
}

/** Days may be added to these: `{{business_date - 1}}`. */
const DATES = {
  business_date: ({ business_date }: FiringTime) => business_date,
  local_date: ({ nominal, timezone }: FiringTime) => localDate(nominal, timezone),
}
/** Local ISO text with its offset. */
const INSTANTS = {
  nominal: ({ nominal, timezone }: FiringTime) => localText(nominal, timezone),
  previous_nominal: ({ previous_nominal: at, timezone }: FiringTime) => (at ? localText(at, timezone) : null),
}

const ANY = /\{\{([^{}]*)\}\}/g
const KNOWN = /^\s*(?:(business_date|local_date)(?:\s*([+-])\s*(\d{1,4}))?|(nominal|previous_nominal))\s*$/

/**
 * `parameters` (any JSON value) with the placeholders in its texts replaced. A text that is nothing but one becomes its value: null
 * for `{{previous_nominal}}` where there is none; within a text that is left out. Check the placeholders first.
 */
export function fillParameters(parameters: unknown, time: FiringTime): unknown {
  return mapTexts(parameters, (text) => {
    const only = /^\{\{([^{}]*)\}\}$/.exec(text)
    if (only) return valueAt(only[1] ?? '', time)
    return text.replace(ANY, (_, inner: string) => valueAt(inner, time) ?? '')
  })
}

/** Undefined: fine. Else what to change, as a sentence without its subject. */
export function checkPlaceholders(parameters: unknown): string | undefined {
  let unknown: string | undefined
  mapTexts(parameters, (text) => {
    for (const [placeholder, inner = ''] of text.matchAll(ANY))
      if (!KNOWN.test(inner)) unknown ??= placeholder
    return text
  })
  if (unknown === undefined) return undefined
  return (
    `must not contain ${unknown}: there are {{business_date}} and {{local_date}}, also with days added ` +
    '({{business_date - 1}}), {{nominal}} and {{previous_nominal}}'
  )
}

function valueAt(inner: string, time: FiringTime): string | null {
  const [, date, sign, days = '0', instant] = KNOWN.exec(inner) ?? []
  if (date !== undefined) {
    return addDays(DATES[date as keyof typeof DATES](time), sign === '-' ? -Number(days) : Number(days))
  }
  if (instant !== undefined) return INSTANTS[instant as keyof typeof INSTANTS](time)
  throw new Error(`There is no placeholder {{${inner}}}.`)
}

function mapTexts(value: unknown, change: (text: string) => unknown): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, change))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mapTexts(each, change)]))
}
