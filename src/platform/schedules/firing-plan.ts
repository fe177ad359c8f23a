/**
 * What becomes of the nominal times that are due: pure, from the schedule, the clock and what still runs.
 *
 *   closed or blacked out? ── skipped
 *   late?                  ── the catch-up policy: started (caught_up), or missed (dropped)
 *   too many still run?    ── the overlap policy: skipped, waiting, started, or in the place of those
 *   else                      started
 */
import type { FiringOutcome, FiringReason } from '../contract/firing.ts'
import { type NominalTime, nominalTimes, timeBefore } from './nominal-times.ts'
import type { ScheduleRow } from './schedule-row.ts'

/** Nominal times that are decided at once. */
const MOST_AT_ONCE = 500

export interface PlannedFiring extends NominalTime {
  previous: Date | undefined
  outcome: FiringOutcome
  reason: FiringReason | null
  detail: string | null
}

export interface Situation {
  now: Date
  /** Its runs that have not ended. */
  open: number
  /** Firings that wait for those. */
  waiting: number
  /** Later than this after it was due, a time counts as missed. */
  lateMs: number
  /** Why nothing starts at this time: `blackout` or `closed_date`, with what to show. */
  closed(at: Date): { reason: 'blackout' | 'closed_date'; detail: string } | undefined
}

export interface FiringPlan {
  firings: PlannedFiring[]
  decidedUntil: Date
  /** Undefined: none ever again. */
  next: NominalTime | undefined
  remaining: number | null
  /** A waiting firing gives its place to a newer one. */
  supersedes: boolean
}

type Schedule = Pick<
  ScheduleRow,
  'slug' | 'definition' | 'decided_until' | 'remaining' | 'catch_up_until' | 'catch_up_as'
>

export function planFirings(schedule: Schedule, situation: Situation): FiringPlan {
  const { due, next } = dueTimes(schedule, situation.now)
  const kept = due.filter(({ at }) => situation.closed(at) === undefined)
  // Of more than are decided at once the last comes later.
  const isAll = next === undefined || next.due > situation.now
  const policy = new Policy(schedule, situation, isAll ? kept.at(-1) : undefined)
  let previous = previousOf(schedule, due[0])
  const firings: PlannedFiring[] = []
  for (const time of due) {
    if (policy.remaining === 0) break
    const closed = situation.closed(time.at)
    const decided = closed ? { outcome: 'skipped' as const, ...closed } : policy.decide(time)
    firings.push({ ...time, previous, reason: null, detail: null, ...decided })
    previous = time.at
  }
  if (policy.supersedes) for (const earlier of policy.superseded(firings)) Object.assign(earlier, SUPERSEDED)
  const over = policy.remaining === 0
  return {
    firings,
    decidedUntil: due.at(-1)?.at ?? schedule.decided_until,
    next: over ? undefined : next,
    remaining: policy.remaining,
    supersedes: policy.supersedes,
  }
}

/** Looked for only where a parameter asks for it. */
function previousOf(schedule: Schedule, first: NominalTime | undefined): Date | undefined {
  const asks = JSON.stringify(schedule.definition.parameters).includes('previous_nominal')
  return asks && first ? timeBefore(schedule, first.at) : undefined
}

/** Those that are due, and the one after them; it is due at once where there are more than are decided at once. */
function dueTimes(schedule: Schedule, now: Date): { due: NominalTime[]; next: NominalTime | undefined } {
  const due: NominalTime[] = []
  for (const time of nominalTimes(schedule, schedule.decided_until)) {
    if (time.due > now || due.length === MOST_AT_ONCE) return { due, next: time }
    due.push(time)
  }
  return { due, next: undefined }
}

type Decision = { outcome: FiringOutcome; reason?: FiringReason; detail?: string }

const START: Decision = { outcome: 'started' }
export const SUPERSEDED = {
  outcome: 'cancelled',
  reason: 'superseded',
  detail: 'A newer one waits in its place.',
} as const

class Policy {
  remaining: number | null
  supersedes = false
  readonly #schedule: Schedule
  readonly #now: number
  readonly #lateMs: number
  readonly #last: NominalTime | undefined
  #open: number
  #waiting: number

  constructor(schedule: Schedule, { now, open, waiting, lateMs }: Situation, last: NominalTime | undefined) {
    this.#schedule = schedule
    this.#now = now.getTime()
    this.#lateMs = lateMs
    this.#last = last
    this.#open = open
    this.#waiting = waiting
    this.remaining = schedule.remaining
  }

  decide(time: NominalTime): Decision {
    const lateMs = this.#now - time.due.getTime()
    const decision = lateMs > this.#lateMs ? this.#missed(time, lateMs) : this.#overlap()
    if (decision.outcome === 'started') this.#open += 1
    if (decision.outcome === 'waiting') this.#waiting += 1
    const counts = decision.outcome === 'started' || decision.outcome === 'waiting'
    if (counts && this.remaining !== null) this.remaining -= 1
    return decision
  }

  /** Of the firings of this plan. */
  superseded(firings: readonly PlannedFiring[]): PlannedFiring[] {
    return firings.filter(({ outcome }) => outcome === 'waiting').slice(0, -1)
  }

  /** What a person said when resuming goes before the policy. */
  #missed(time: NominalTime, lateMs: number): Decision {
    const { definition, catch_up_until: until, catch_up_as: said } = this.#schedule
    const asked = until && time.at <= until ? said : null
    const policy = asked ?? definition.catch_up
    const late = `${Math.round(lateMs / 1000)} s late`
    if (asked === 'skip')
      return { outcome: 'missed', reason: 'paused', detail: 'Skipped when it was resumed.' }
    if (policy === 'none')
      return { outcome: 'missed', reason: 'dropped', detail: `${late}; catch_up is none.` }
    if (policy === 'last') {
      if (time !== this.#last)
        return { outcome: 'missed', reason: 'dropped', detail: `${late}; only the last is caught up.` }
      return this.#caughtUp()
    }
    const window = definition.catch_up_window_seconds
    if (asked === null && lateMs > window * 1000)
      return { outcome: 'missed', reason: 'dropped', detail: `${late}; the window is ${window} s.` }
    return this.#caughtUp()
  }

  /** One after another, whatever the policy for overlaps: none of what was missed takes another's place. */
  #caughtUp(): Decision {
    const free = this.#schedule.definition.overlap === 'allow' || this.#free()
    return { outcome: free ? 'started' : 'waiting', reason: 'caught_up' }
  }

  #free(): boolean {
    return this.#open + this.#waiting < this.#schedule.definition.concurrency
  }

  #overlap(): Decision {
    const { overlap } = this.#schedule.definition
    if (overlap === 'allow' || this.#free()) return START
    const running = `${this.#open} of its runs ${this.#open === 1 ? 'has' : 'have'} not ended`
    if (overlap === 'skip') return { outcome: 'skipped', reason: 'overlap', detail: `${running}.` }
    if (overlap === 'buffer_one') {
      if (this.#waiting > 0)
        return { outcome: 'skipped', reason: 'overlap', detail: `${running}, and one firing waits already.` }
      return { outcome: 'waiting', reason: 'overlap', detail: `${running}.` }
    }
    // Only the newest waits: the others give their place, and what they would have used up, back.
    if (this.#waiting > 0) {
      this.supersedes = true
      if (this.remaining !== null) this.remaining += this.#waiting
      this.#waiting = 0
    }
    return { outcome: 'waiting', reason: 'overlap', detail: `${running}: cancelled for this one.` }
  }
}
