import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { BASE } from '../../contract/api.ts'
import {
  AnyCalendar,
  Calendar,
  CalendarDeleteAnswer,
  CalendarList,
  CalendarPath,
  CalendarQuery,
  CalendarRequest,
} from '../../contract/schedule-control.ts'
import type { Database } from '../../postgres/pool.ts'
import { countCalendars, readCalendar, usersOfCalendar, writeCalendar } from '../../schedules/closed-dates.ts'
import { checkCalendar, holidaysIn, isCountry } from '../../schedules/timing/calendars.ts'
import { answer, problems } from '../documented-answers.ts'
import { HttpProblem, invalid, quoted } from '../problem.ts'
import { whoAsks } from '../who-asks.ts'

export interface CalendarDeps {
  database: Database
}

/** The hotel's own closed dates, by the name of their calendar. */
export function addCalendarRoutes(app: FastifyInstance, deps: CalendarDeps): void {
  addReads(app, deps)
  addWrites(app, deps)
}

function addReads(app: FastifyInstance, { database }: CalendarDeps): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/calendars`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listCalendars',
        summary: 'The calendars of closed dates that the hotel keeps itself',
        tags: ['Schedules'],
        response: { 200: answer(CalendarList, 'All of them'), ...problems() },
      },
    },
    async () => ({ calendars: await countCalendars(database) }),
  )
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/calendars/:name`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getCalendar',
        summary: 'The closed dates of one calendar: the hotel’s own, or public holidays',
        tags: ['Schedules'],
        params: AnyCalendar,
        querystring: CalendarQuery,
        response: { 200: answer(Calendar, 'In order'), ...problems(404) },
      },
    },
    async ({ params: { name }, query: { year } }) => {
      if (isCountry(name)) return { name, dates: await holidays(name, year ?? new Date().getUTCFullYear()) }
      const dates = await readCalendar(database, name)
      if (dates.length === 0) return notFound(name)
      return { name, dates: dates.filter(({ date }) => year === undefined || date.startsWith(`${year}-`)) }
    },
  )
}

function addWrites(app: FastifyInstance, { database }: CalendarDeps): void {
  app.withTypeProvider<ZodTypeProvider>().put(
    `${BASE}/calendars/:name`,
    {
      config: { scope: 'schedules:write' },
      schema: {
        operationId: 'putCalendar',
        summary: 'Keep these closed dates under this name, instead of those before',
        tags: ['Schedules'],
        params: CalendarPath,
        body: CalendarRequest,
        response: { 200: answer(Calendar, 'As it is now'), ...problems(400, 413, 415) },
      },
    },
    async ({ params: { name }, body, caller }) => {
      await writeCalendar(database, name, body.dates, whoAsks(caller, body.by))
      return { name, dates: await readCalendar(database, name) }
    },
  )
  app.withTypeProvider<ZodTypeProvider>().delete(
    `${BASE}/calendars/:name`,
    {
      config: { scope: 'schedules:write' },
      schema: {
        operationId: 'deleteCalendar',
        summary: 'Forget a calendar that no schedule names',
        tags: ['Schedules'],
        params: CalendarPath,
        response: { 200: answer(CalendarDeleteAnswer, 'Forgotten'), ...problems(404, 409) },
      },
    },
    async ({ params: { name } }) => {
      const users = (await usersOfCalendar(database, name)) ?? notFound(name)
      if (users.length > 0) {
        const slugs = users.slice(0, 5).map(quoted).join(', ')
        const detail = `${slugs} must not run on its dates: take it out of closed_dates there first.`
        throw new HttpProblem(409, 'calendar_in_use', detail)
      }
      await writeCalendar(database, name, [], null)
      return { name, status: 'deleted' as const }
    },
  )
}

async function holidays(name: string, year: number) {
  const message = await checkCalendar(name)
  if (message !== undefined) throw invalid([{ path: 'path.name', message }])
  return holidaysIn(name, year)
}

function notFound(name: string): never {
  throw new HttpProblem(404, 'calendar_not_found', `There is no calendar ${quoted(name)}.`)
}
