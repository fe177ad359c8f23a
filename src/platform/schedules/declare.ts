/** What somebody declares, checked, and as it is kept: every default filled in, the timezone and the anchor too. */
import { type FieldError, fieldErrors } from '../contract/problem.ts'
import type { ScheduleDefinition, ScheduleRequest } from '../contract/schedule.ts'
import type { AnyFlow } from '../engine/flow.ts'
import { toInstant } from '../time/local-time.ts'
import { timezoneOf, timingOf } from './schedule-row.ts'
import { checkCalendar } from './timing/calendars.ts'
import { checkTiming } from './timing/check-timing.ts'
import { checkPlaceholders, fillParameters } from './timing/placeholders.ts'

/** Nothing was declared: `errors` names what to change, `body.schedule.cron` for example. */
export class BadSchedule extends Error {
  override readonly name = 'BadSchedule'
  readonly code = 'bad_schedule'
  readonly errors: FieldError[]
  constructor(errors: FieldError[]) {
    super(errors.map(({ path, message }) => `${path} ${message}`).join('; '))
    this.errors = errors
  }
}

/** There is no such workflow: the caller knows which ones there are. */
export class UnknownWorkflow extends Error {
  override readonly name = 'UnknownWorkflow'
  readonly code = 'unknown_workflow'
  readonly workflow: string
  constructor(workflow: string) {
    super(`There is no workflow "${workflow}".`)
    this.workflow = workflow
  }
}

export interface DeclarePorts {
  flows: ReadonlyMap<string, AnyFlow>
  /** IANA name: of a schedule that names none. */
  timezone: string
  /** The hotel's own calendars of closed dates. */
  calendars(): Promise<readonly string[]>
  businessDate(at: Date): string
}

/** With its defaults, as it is kept. Throws BadSchedule, UnknownWorkflow. */
export async function declare(
  ports: DeclarePorts,
  { slug: _slug, active: _active, ...asked }: ScheduleRequest,
  now: Date,
): Promise<ScheduleDefinition> {
  const definition = completed(asked, ports.timezone, now)
  const flow = ports.flows.get(definition.workflow)
  if (flow === undefined) throw new UnknownWorkflow(definition.workflow)
  const errors = [
    ...timingErrors(definition),
    ...rangeErrors(definition),
    ...(await calendarErrors(ports, definition)),
    ...(await parameterErrors(ports, flow, definition, now)),
  ]
  if (errors.length > 0) throw new BadSchedule(errors)
  return definition
}

/** With the timezone and the anchor that it is counted from. */
export function completed<Asked extends Pick<ScheduleDefinition, 'schedule'>>(
  asked: Asked,
  timezone: string,
  now: Date,
): Asked {
  const schedule = { ...asked.schedule, timezone: asked.schedule.timezone ?? timezone }
  if (schedule.type === 'interval')
    schedule.anchor ??= new Date(Math.floor(now.getTime() / 1000) * 1000).toISOString()
  return { ...asked, schedule }
}

/** The slug of a schedule that was given none: its name, in plain letters. */
export function slugOf(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').replace(/đ/gi, 'd').toLowerCase()
  return (
    plain
      .replace(/[^a-z0-9_]+/g, '-')
      .replace(/^[-_]+|-+$/g, '')
      .slice(0, 100) || 'schedule'
  )
}

export function timingErrors(definition: Pick<ScheduleDefinition, 'schedule'>): FieldError[] {
  const message = checkTiming(timingOf(definition))
  if (message === undefined) return []
  const field = { cron: 'cron', interval: 'every_seconds', once: 'at' }[definition.schedule.type]
  return [{ path: `body.schedule.${field}`, message }]
}

function rangeErrors(definition: ScheduleDefinition): FieldError[] {
  const { starts_at, ends_at, blackouts } = definition
  const errors: FieldError[] = []
  const instant = (text: string) => toInstant(text, timezoneOf(definition))
  if (starts_at && ends_at && instant(ends_at) <= instant(starts_at))
    errors.push({ path: 'body.ends_at', message: 'must be after starts_at' })
  blackouts.forEach(({ from, to }, i) => {
    if (from.length > 5 && instant(to) <= instant(from))
      errors.push({ path: `body.blackouts.${i}.to`, message: 'must be after from' })
  })
  return errors
}

export async function calendarErrors(
  ports: Pick<DeclarePorts, 'calendars'>,
  definition: Pick<ScheduleDefinition, 'closed_dates'>,
): Promise<FieldError[]> {
  if (definition.closed_dates.length === 0) return []
  const own = new Set(await ports.calendars())
  const found = await Promise.all(
    definition.closed_dates.map(async (name, i) => {
      const message = own.has(name) ? undefined : await checkCalendar(name)
      return message === undefined ? [] : [{ path: `body.closed_dates.${i}`, message }]
    }),
  )
  return found.flat()
}

/** As they would be at the next time it fires. */
async function parameterErrors(
  { businessDate }: DeclarePorts,
  flow: AnyFlow,
  definition: ScheduleDefinition,
  now: Date,
): Promise<FieldError[]> {
  const wrong = checkPlaceholders(definition.parameters)
  if (wrong !== undefined) return [{ path: 'body.parameters', message: wrong }]
  const filled = fillParameters(definition.parameters, {
    nominal: now,
    previous_nominal: now,
    business_date: businessDate(now),
    timezone: timezoneOf(definition),
  })
  const parsed = await flow.parameters.safeParseAsync(filled)
  return parsed.success ? [] : fieldErrors(parsed.error, 'body.parameters')
}
