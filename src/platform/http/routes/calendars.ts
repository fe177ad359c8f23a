import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { BASE } from '../../contract/api.ts'
import { Calendar, CalendarList, CalendarPath, CalendarRequest } from '../../contract/schedule-control.ts'
import type { Database } from '../../postgres/pool.ts'
import { countCalendars, readCalendar, writeCalendar } from '../../schedules/closed-dates.ts'
import { answer, problems } from '../documented-answers.ts'
import { HttpProblem, quoted } from '../problem.ts'

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
        summary: 'The closed dates of one calendar',
        tags: ['Schedules'],
        params: CalendarPath,
        response: { 200: answer(Calendar, 'In order'), ...problems(404) },
      },
    },
    async ({ params: { name } }) => {
      const dates = await readCalendar(database, name)
      return dates.length === 0 ? notFound(name) : { name, dates }
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
      await writeCalendar(database, name, body.dates, body.by ?? caller?.name ?? null)
      return { name, dates: await readCalendar(database, name) }
    },
  )
  app.withTypeProvider<ZodTypeProvider>().delete(
    `${BASE}/calendars/:name`,
    {
      config: { scope: 'schedules:write' },
      schema: {
        operationId: 'deleteCalendar',
        summary: 'Forget a calendar; schedules that name it are closed by it no more',
        tags: ['Schedules'],
        params: CalendarPath,
        response: { 204: answer(z.null(), 'Forgotten'), ...problems(404) },
      },
    },
    async ({ params: { name } }, reply) => {
      const known = await readCalendar(database, name)
      if (known.length === 0) return notFound(name)
      await writeCalendar(database, name, [], null)
      return reply.code(204).send(null)
    },
  )
}

function notFound(name: string): never {
  throw new HttpProblem(404, 'calendar_not_found', `There is no calendar ${quoted(name)}.`)
}
