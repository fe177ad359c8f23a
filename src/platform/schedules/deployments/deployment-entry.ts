/** What a file says about a schedule, in its own words, as a request: `flow`, and `schedule` in a short form. */
import type { z } from 'zod'
import { ScheduleRequest, Slug } from '../../contract/schedule.ts'
import { nearestNames } from '../../spelling.ts'
import { spanSeconds } from '../../time/span.ts'
import type { Entry } from './deployment-document.ts'
import type { Fault } from './deployment-error.ts'

export interface Deployment {
  request: ScheduleRequest & { slug: string }
  /** What is wrong with a field of the request, at its place in the file. */
  fault(path: readonly PropertyKey[], message: string): Fault
}

const FIELDS = ['flow', ...Object.keys(ScheduleRequest.shape).filter((name) => name !== 'workflow')]
/** Of each kind of timing, the first names it. */
const TIMINGS = {
  cron: ['cron', 'timezone'],
  interval: ['every', 'every_seconds', 'anchor', 'timezone'],
  once: ['at', 'timezone'],
} as const
const TIMING_FIELDS = ['type', ...new Set(Object.values(TIMINGS).flat())]
const BLACKOUT_FIELDS = ['from', 'to', 'days']
/** Names that other places use for the same. */
const CALLED_HERE = new Map([
  ['workflow', 'flow'],
  ['workflow_name', 'flow'],
  ['interval', 'every'],
])

type Issue = { path: PropertyKey[]; message: string }

/** A request, or everything that is wrong with it. */
export function readEntry(entry: Entry): Deployment | Fault[] {
  const { file, value } = entry
  const fault = (path: readonly PropertyKey[], message: string): Fault => ({
    ...{ file, message, line: entry.lineOf(path), field: path.map(String).join('.') },
  })
  if (!isObject(value)) return [fault([], 'must be a schedule: slug, flow, schedule, ...')]
  const { flow, schedule, ...rest } = value
  const timing = timingOf(schedule)
  const unknown = [
    ...unknownFields(value, FIELDS, []),
    ...(isObject(schedule) ? unknownFields(schedule, TIMING_FIELDS, ['schedule']) : []),
    ...blackoutsOf(value).flatMap((each, i) => unknownFields(each, BLACKOUT_FIELDS, ['blackouts', i])),
  ]
  // A field that is misspelt is also missing: said once.
  if (unknown.length > 0) return unknown.map(({ path, message }) => fault(path, message))
  const parsed = Entered.safeParse({ name: rest.slug, ...rest, workflow: flow, schedule: timing.schedule })
  const issues = parsed.success ? [] : parsed.error.issues.flatMap(plainIssues)
  // Said of the slug, or of the timing, already.
  const own = issues.filter(({ path: [first] }) =>
    first === 'name' ? 'name' in value : first !== 'schedule' || timing.issues.length === 0,
  )
  const inFile = (path: readonly PropertyKey[]) => fieldOf(path, value)
  const faults = [
    ...own.map(({ path, message }) =>
      fault(inFile(path), at(value, path) === undefined ? missing(message) : message),
    ),
    ...timing.issues.map(({ path, message }) => fault(path, message)),
  ].sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
  if (faults.length > 0 || !parsed.success) return faults
  return { request: parsed.data, fault: (path, message) => fault(inFile(path), message) }
}

const Entered = ScheduleRequest.extend({ slug: Slug })

function missing(message: string): string {
  return message.startsWith('Invalid input: expected') ? 'is missing' : message
}

/** The file's name of a request's field. */
function fieldOf(path: readonly PropertyKey[], { schedule }: Record<string, unknown>): PropertyKey[] {
  const [first, second, ...rest] = path
  if (first === 'workflow') return ['flow']
  if (first !== 'schedule' || second === undefined) return [...path]
  if (!isObject(schedule)) return ['schedule']
  if (second === 'every_seconds' && 'every' in schedule) return ['schedule', 'every']
  return ['schedule', second, ...rest]
}

function at(value: Record<string, unknown>, path: readonly PropertyKey[]): unknown {
  return fieldOf(path, value).reduce<unknown>(
    (inside, part) => (typeof inside === 'object' && inside !== null ? Reflect.get(inside, part) : undefined),
    value,
  )
}

/** Of a field that may be one of several things, what the likeliest of them lacks. */
function plainIssues(issue: z.core.$ZodIssue): Issue[] {
  const { path, message } = issue
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ path, message }]
  const [likeliest = []] = issue.errors.toSorted((a, b) => a.length - b.length)
  return likeliest.flatMap(plainIssues).map((each) => ({ ...each, path: [...path, ...each.path] }))
}

function timingOf(value: unknown): { schedule: unknown; issues: Issue[] } {
  if (typeof value === 'string') return { schedule: { type: 'cron', cron: value }, issues: [] }
  if (!isObject(value)) return { schedule: value, issues: [] }
  const wrong = (field: string | undefined, message: string) => {
    const path = field === undefined ? ['schedule'] : ['schedule', field]
    return { schedule: undefined, issues: [{ path, message }] }
  }
  const named = ['cron', 'every', 'every_seconds', 'at'].filter((name) => name in value)
  if (named.length !== 1) {
    const which =
      named.length === 0 ? 'must say one of cron, every and at' : `says ${named.join(' and ')}: keep one`
    return wrong(undefined, which)
  }
  const type = named[0] === 'cron' ? 'cron' : named[0] === 'at' ? 'once' : 'interval'
  if (value.type !== undefined && value.type !== type) return wrong('type', `must be ${type}, or left out`)
  const strange = Object.keys(value).find((name) => name !== 'type' && !TIMINGS[type].includes(name as never))
  if (strange !== undefined) return wrong(strange, `does not go with ${named[0]}`)
  const { every, ...rest } = value
  if (every === undefined) return { schedule: { ...rest, type }, issues: [] }
  const every_seconds = secondsOf(every)
  if (every_seconds === undefined) return wrong('every', 'must be seconds, or a time like 90s, 15m, 2h or 1d')
  return { schedule: { ...rest, type, every_seconds }, issues: [] }
}

function secondsOf(every: unknown): number | undefined {
  if (typeof every === 'number') return every
  return typeof every === 'string' ? spanSeconds(every) : undefined
}

function unknownFields(value: object, known: readonly string[], path: PropertyKey[]): Issue[] {
  return Object.keys(value)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const nearest = CALLED_HERE.get(name) ?? nearestNames(name, known)[0]
      const hint = nearest === undefined ? `there are ${known.join(', ')}` : `did you mean ${nearest}?`
      return { path: [...path, name], message: `is no field here: ${hint}` }
    })
}

function blackoutsOf({ blackouts }: Record<string, unknown>): object[] {
  return Array.isArray(blackouts) ? blackouts.map((each) => (isObject(each) ? each : {})) : []
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
