import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { BASE } from '../../contract/api.ts'
import { PreviewAnswer, PreviewQuery, PreviewRequest, SchedulePath } from '../../contract/schedule-control.ts'
import type { AnyFlow } from '../../engine/flow.ts'
import type { Sql } from '../../postgres/sql.ts'
import { findSchedule } from '../../schedules/schedule-list.ts'
import type { Schedules } from '../../schedules/schedule-service.ts'
import { answer, problems } from '../documented-answers.ts'
import { localInstant } from '../local-instant.ts'
import { declared, notFound } from './schedules.ts'

export interface SchedulePreviewDeps {
  database: Sql
  schedules: Schedules
  flows: ReadonlyMap<string, AnyFlow>
  /** IANA name: times without an offset are read in it. */
  timezone: string
}

/** What a schedule would do, before it is kept and after. */
export function addSchedulePreviewRoutes(app: FastifyInstance, deps: SchedulePreviewDeps): void {
  const { database, schedules, timezone } = deps
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/schedule/:id/preview`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'previewSchedule',
        summary: 'Its next times, with what clock changes, blackouts and calendars make of them',
        tags: ['Schedules'],
        params: SchedulePath,
        querystring: PreviewQuery,
        response: { 200: answer(PreviewAnswer, 'In order of time'), ...problems(404) },
      },
    },
    async ({ params, query: { after, ...options } }) => {
      const schedule = (await findSchedule(database, params.id)) ?? notFound(params.id)
      const from = localInstant(after, schedule.timezone, 'query.after')
      const { definition, slug, runs_remaining: remaining } = schedule
      return schedules.preview({ ...definition, slug, remaining }, { ...options, after: from })
    },
  )
  app.withTypeProvider<ZodTypeProvider>().post(
    `${BASE}/schedule/preview`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'previewDeclaration',
        summary: 'The next times of a schedule that is not kept yet',
        tags: ['Schedules'],
        body: PreviewRequest,
        response: { 200: answer(PreviewAnswer, 'In order of time'), ...problems(400, 413, 415) },
      },
    },
    async ({ body: { after, count, language, slug = 'preview', ...definition } }) => {
      const from = localInstant(after, definition.schedule.timezone ?? timezone, 'body.after')
      return declared(deps, () =>
        schedules.preview({ ...definition, slug }, { count, language, after: from }),
      )
    },
  )
}
