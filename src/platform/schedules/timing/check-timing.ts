/** Whether a timing can be kept: what it says must be read, come at all, and cost little. */
import { readCron } from './cron-pattern.ts'
import type { Timing } from './timing.ts'

const LONGEST = 200
const FIELDS = [
  { name: 'minute', takes: '0-59' },
  { name: 'hour', takes: '0-23' },
  { name: 'day of the month', takes: '1-31, L (the last) or 15W (the working day nearest to the 15th)' },
  { name: 'month', takes: '1-12 or jan-dec' },
  { name: 'day of the week', takes: '0-7 or sun-sat, mon#1 (the first Monday) or friL (the last Friday)' },
]
const NICKNAMES = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/i

/** Undefined: fine. Else what to change, as a sentence without its subject: 'must ...', 'never comes: ...'. */
export function checkTiming(timing: Timing): string | undefined {
  switch (timing.type) {
    case 'cron':
      return checkCron(timing.cron)
    case 'interval':
      return checkInterval(timing.every_seconds, timing.anchor)
    case 'once':
      return isInstant(timing.at) ? undefined : 'must be a date and time'
  }
}

function checkInterval(seconds: number, anchor: Date): string | undefined {
  if (!Number.isInteger(seconds) || seconds < 1) return 'must be a whole number of seconds, 1 or more'
  if (!isInstant(anchor)) return 'must have an anchor that is a date and time'
  return undefined
}

function isInstant(at: Date): boolean {
  return !Number.isNaN(at.getTime())
}

function checkCron(cron: string): string | undefined {
  if (cron.length > LONGEST) return `must be at most ${LONGEST} characters`
  if (!/^[\w*,\-/#?@ ]+$/.test(cron)) return 'must be made of letters, digits, spaces and * , - / # ? only'
  const wrong = NICKNAMES.test(cron.trim()) ? undefined : checkFields(cron.trim().split(/ +/))
  if (wrong !== undefined) return wrong
  const comes = readCron(cron).next(Date.UTC(2000, 0, 1)) !== undefined
  return comes ? undefined : 'never comes: its months have no such day'
}

function checkFields(fields: string[]): string | undefined {
  if (fields[0]?.startsWith('@'))
    return 'must be five fields, or one of @hourly, @daily, @weekly, @monthly and @yearly'
  if (fields.length === 6) {
    return 'must have five fields (minute, hour, day of the month, month, day of the week): seconds are not supported'
  }
  if (fields.length !== FIELDS.length) {
    return `must have five fields (minute, hour, day of the month, month, day of the week), not ${fields.length}`
  }
  for (const [i, text] of fields.entries()) {
    const { name, takes } = FIELDS[i] as (typeof FIELDS)[number]
    if (!STAR_IN_LIST.test(text) && isCron(FIELDS.map((_, other) => (other === i ? text : '*')).join(' ')))
      continue
    return `must have another ${name} than "${text}": ${hint(text)}it takes ${takes}, lists (1,5), ranges (1-5) and steps (*/5, 1-30/5)`
  }
  return undefined
}

/** croner takes it, and no longer knows that the field is open. */
const STAR_IN_LIST = /(^|,)[*?],|,[*?](,|$)/

/** What is most often meant otherwise. */
function hint(text: string): string {
  if (STAR_IN_LIST.test(text)) return '* in a list is all there is; '
  if (/(^|,)\d+\/\d/.test(text)) return 'a step needs a range before it, or *; '
  return ''
}

function isCron(cron: string): boolean {
  try {
    readCron(cron)
    return true
  } catch {
    return false
  }
}
