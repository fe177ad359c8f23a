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
