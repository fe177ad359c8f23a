/**
 * Who cleans what: longest job first to the least loaded, then evened out, then made a shorter way. Pure, and the same
 * plan for the same day in whatever order it is told.
 */

import { compareText } from '../history-order.ts'
import type { CleaningKind } from '../rooms/cleaning-orders.rules.ts'
import { byPriority, type CleaningDay, type CleaningJob, LAST_URGENT_RANK } from './housekeeping.rules.ts'

export interface Attendant {
  employeeId: string
  /** Of cleaning, breaks taken off. */
  minutes: number
  /** Where the person works by preference. */
  floors?: readonly number[] | undefined
  section?: string | undefined
  /** The kinds the person does; undefined: all. */
  skills?: readonly CleaningKind[] | undefined
}

/** `no_capacity`: everybody who could has no minutes, or no rooms, left. */
export type UnassignedReason = 'no_attendant' | 'no_skill' | 'no_capacity'

export interface CleaningPlan {
  /** By employee id; `begun` are in progress, `jobs` follow in this order. */
  lists: { employeeId: string; begun: string[]; jobs: CleaningJob[]; minutes: number }[]
  unassigned: { job: CleaningJob; reason: UnassignedReason }[]
  /** (max - min) / mean of the lists' minutes; 0 without any. */
  spread: number
}

/** What one person has so far. */
interface Load {
  attendant: Attendant
  begun: CleaningDay['begun']
  jobs: CleaningJob[]
  minutes: number
}

/** Lists whose minutes differ by no more are fair. */
const FAIR_SPREAD = 0.15

/** Every job is in one list or unassigned. `maxRooms` a person, those in progress included. */
export function planCleaning(
  { jobs, begun }: Pick<CleaningDay, 'jobs' | 'begun'>,
  attendants: readonly Attendant[],
  maxRooms: number,
): CleaningPlan {
  const people = [...attendants].sort((a, b) => compareText(a.employeeId, b.employeeId))
  const open = () => people.map((attendant) => openLoad(attendant, begun))
  const sorted = [...jobs].sort(byPriority)
  const { loads, left } = admit(sorted, open, maxRooms)
  evenOut(loads, maxRooms)
  shortenWays(loads)
  return {
    lists: loads.map(({ attendant, begun, jobs, minutes }) => ({
      employeeId: attendant.employeeId,
      begun: begun.map(({ roomNumber }) => roomNumber).sort(compareText),
      jobs: jobs.sort(byPriority),
      minutes,
    })),
    unassigned: left.map((job) => ({ job, reason: reasonOf(job, people) })),
    spread: spreadOf(loads.map(({ minutes }) => minutes)),
  }
}

function openLoad(attendant: Attendant, begun: CleaningDay['begun']): Load {
  const own = begun.filter(({ employeeId }) => employeeId === attendant.employeeId)
  return { attendant, begun: own, jobs: [], minutes: own.reduce((sum, { minutes }) => sum + minutes, 0) }
}

/** When not all fit, the least urgent stay behind: each is let in, by priority, if those let in still fit with it. */
function admit(
  jobs: readonly CleaningJob[],
  open: () => Load[],
  maxRooms: number,
): { loads: Load[]; left: CleaningJob[] } {
  const all = place(jobs, open(), maxRooms)
  if (all) return { loads: all, left: [] }
  let loads = open()
  const admitted: CleaningJob[] = []
  const left: CleaningJob[] = []
  for (const job of jobs) {
    const fitting = place([...admitted, job], open(), maxRooms)
    if (fitting) {
      loads = fitting
      admitted.push(job)
    } else left.push(job)
  }
  return { loads, left }
}

/** Longest first to the least loaded; urgent ones before others as long, so that they go to different people. */
function place(jobs: readonly CleaningJob[], loads: Load[], maxRooms: number): Load[] | undefined {
  for (const job of [...jobs].sort((a, b) => b.minutes - a.minutes || byPriority(a, b))) {
    let least: Load | undefined
    for (const load of loads) {
      if ((!least || load.minutes < least.minutes) && takes(load, job, maxRooms)) least = load
    }
    if (!least) return undefined
    least.jobs.push(job)
    least.minutes += job.minutes
  }
  return loads
}

function takes({ attendant, begun, jobs, minutes }: Load, job: CleaningJob, maxRooms: number): boolean {
  const hasRoom = begun.length + jobs.length < maxRooms && minutes + job.minutes <= attendant.minutes
  return hasRoom && isAble(attendant, job)
}

function isAble({ skills }: Attendant, { kind }: CleaningJob): boolean {
  return skills === undefined || skills.includes(kind)
}

function reasonOf(job: CleaningJob, people: readonly Attendant[]): UnassignedReason {
  if (people.length === 0) return 'no_attendant'
  return people.some((one) => isAble(one, job)) ? 'no_capacity' : 'no_skill'
}

function spreadOf(minutes: readonly number[]): number {
  const sum = minutes.reduce((total, one) => total + one, 0)
  if (sum === 0) return 0
  return (Math.max(...minutes) - Math.min(...minutes)) / (sum / minutes.length)
}

/** From the fuller to the emptier, until it is fair or nothing helps. Each step brings the two closer: it ends. */
function evenOut(loads: Load[], maxRooms: number): void {
  while (spreadOf(loads.map(({ minutes }) => minutes)) > FAIR_SPREAD) {
    const step = firstStep(loads, maxRooms)
    if (!step) return
    hand(step.from, step.to, step.give)
    if (step.take) hand(step.to, step.from, step.take)
  }
}

interface Step {
  from: Load
  to: Load
  give: CleaningJob
  take: CleaningJob | undefined
}

/** Of the two furthest apart if they can help each other, else of the next two. */
function firstStep(loads: readonly Load[], maxRooms: number): Step | undefined {
  const byLoad = [...loads].sort(
    (a, b) => a.minutes - b.minutes || compareText(a.attendant.employeeId, b.attendant.employeeId),
  )
  for (const from of [...byLoad].reverse()) {
    for (const to of byLoad) {
      const step = from.minutes > to.minutes ? bestStep(from, to, maxRooms) : undefined
      if (step) return step
    }
  }
  return undefined
}

/** The job given, or the two swapped, that leave `from` and `to` closest. */
function bestStep(from: Load, to: Load, maxRooms: number): Step | undefined {
  const gap = from.minutes - to.minutes
  let best: { step: Step; apart: number } | undefined
  for (const give of from.jobs) {
    for (const take of [undefined, ...to.jobs]) {
      const moved = give.minutes - (take?.minutes ?? 0)
      const apart = Math.abs(gap - 2 * moved)
      if (apart >= (best?.apart ?? gap) || !canSwap(from, to, give, take, maxRooms)) continue
      best = { step: { from, to, give, take }, apart }
    }
  }
  return best?.step
}

function canSwap(
  from: Load,
  to: Load,
  give: CleaningJob,
  take: CleaningJob | undefined,
  maxRooms: number,
): boolean {
  if (!take) return takes(to, give, maxRooms)
  const able = isAble(to.attendant, give) && isAble(from.attendant, take)
  return able && to.minutes + give.minutes - take.minutes <= to.attendant.minutes
}

function hand(from: Load, to: Load, job: CleaningJob): void {
  from.jobs.splice(from.jobs.indexOf(job), 1)
  from.minutes -= job.minutes
  to.jobs.push(job)
  to.minutes += job.minutes
}

/** Jobs as long change hands while that brings floors and sections together. Nobody's minutes change. */
function shortenWays(loads: Load[]): void {
  for (let changed = true; changed; ) {
    changed = false
    for (const [index, a] of loads.entries()) {
      for (const b of loads.slice(index + 1)) changed = swapForShorterWays(a, b) || changed
    }
  }
}

function swapForShorterWays(a: Load, b: Load): boolean {
  for (const mine of a.jobs) {
    for (const theirs of b.jobs) {
      if (!mayTrade(a, b, mine, theirs)) continue
      const before = nearness(a, mine) + nearness(b, theirs)
      // Each without the job it gives away: what leaves is no company for what comes.
      const after = nearness(a, theirs, mine) + nearness(b, mine, theirs)
      if (after <= before) continue
      hand(a, b, mine)
      hand(b, a, theirs)
      return true
    }
  }
  return false
}

function mayTrade(a: Load, b: Load, mine: CleaningJob, theirs: CleaningJob): boolean {
  if (mine.minutes !== theirs.minutes || Math.min(mine.rank, theirs.rank) <= LAST_URGENT_RANK) return false
  return isAble(a.attendant, theirs) && isAble(b.attendant, mine)
}

const FLOOR = 2
const SECTION = 1
/** A floor of the person's own counts like so many rooms there. */
const OWN = 20

/** How many rooms of the list are near this one, floors before sections. */
function nearness({ attendant, begun, jobs }: Load, job: CleaningJob, leaving: CleaningJob = job): number {
  let near = job.floor !== null && attendant.floors?.includes(job.floor) ? OWN * FLOOR : 0
  if (job.section !== null && job.section === attendant.section) near += OWN * SECTION
  for (const other of [...begun, ...jobs]) {
    if (other === job || other === leaving) continue
    if (other.floor === job.floor) near += FLOOR
    if (other.section === job.section) near += SECTION
  }
  return near
}
