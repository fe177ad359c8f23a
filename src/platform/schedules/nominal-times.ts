/** The nominal times of a schedule between its start and its end, each with when it is due. Pure. */
import type { ScheduleDefinition } from '../contract/schedule.ts'
import { toInstant } from '../time/local-time.ts'
import { timezoneOf, timingOf } from './schedule-row.ts'
import { jitterMs } from './timing/jitter.ts'
import { occurrencesAfter } from './timing/occurrences.ts'

export interface NominalTime {
  /** The firing's key: see Occurrence. */
  nominal: string
  at: Date
  /** With its jitter. */
  due: Date
}

interface Declared {
  slug: string
  definition: Pick<ScheduleDefinition, 'schedule' | 'starts_at' | 'ends_at' | 'jitter_seconds'>
}

/** Strictly after `after`; undefined: it comes no more. */
export function firstTime(
  slug: string,
  definition: Declared['definition'],
  after: Date,
): NominalTime | undefined {
  const [first] = nominalTimes({ slug, definition }, after)
  return first
}

/** Strictly after `after`, in order. */
export function* nominalTimes({ slug, definition }: Declared, after: Date): Generator<NominalTime> {
  const timezone = timezoneOf(definition)
  const instant = (text: string | null) => (text === null ? undefined : toInstant(text, timezone))
  const [startsAt, endsAt] = [instant(definition.starts_at), instant(definition.ends_at)]
  const from = startsAt && startsAt > after ? new Date(startsAt.getTime() - 1) : after
  const jitter = definition.jitter_seconds
  let held: { key: string; at: Date } | undefined
  for (const occurrence of occurrencesAfter(timingOf(definition), from)) {
    if (held) yield dueOf(slug, held, jitter, occurrence.at)
    held = undefined
    if (endsAt && occurrence.at > endsAt) return
    // Its jitter ends before the next one: that is looked up only where it matters.
    if (jitter > 0) held = occurrence
    else yield { nominal: occurrence.key, at: occurrence.at, due: occurrence.at }
  }
  if (held) yield dueOf(slug, held, jitter, undefined)
}

function dueOf(slug: string, { key, at }: { key: string; at: Date }, jitter: number, next: Date | undefined) {
  const gap = next ? next.getTime() - at.getTime() : Number.POSITIVE_INFINITY
  return { nominal: key, at, due: new Date(at.getTime() + jitterMs(slug, key, jitter, gap)) }
}

const MINUTE_MS = 60_000
const DAY_MINUTES = 1_440
/** Looked back so far: most find one within a day, those of 29 February within years. */
const LOOK_BACK_MINUTES = [15, 60, ...[1, 8, 32, 367, 8 * 366 + 1].map((days) => days * DAY_MINUTES)]

/** The last one before `from`; undefined: none within eight years. */
export function timeBefore(declared: Declared, from: Date): Date | undefined {
  for (const minutes of LOOK_BACK_MINUTES) {
    let last: Date | undefined
    for (const { at } of nominalTimes(declared, new Date(from.getTime() - minutes * MINUTE_MS))) {
      if (at >= from) break
      last = at
    }
    if (last) return last
  }
  return undefined
}
