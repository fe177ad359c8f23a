import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { BASE } from '../../contract/api.ts'
import {
  ScheduleAnswer,
  ScheduleDetail,
  ScheduleList,
  ScheduleListQuery,
  ScheduleRequest,
} from '../../contract/schedule.ts'
import {
  By,
  ScheduleDeleteAnswer,
  SchedulePath,
  ScheduleUpdateAnswer,
  ScheduleUpdateRequest,
} from '../../contract/schedule-control.ts'
import type { AnyFlow } from '../../engine/flow.ts'
import type { Sql } from '../../postgres/sql.ts'
import { BadSchedule, UnknownWorkflow } from '../../schedules/declare.ts'
import { findSchedule, listSchedules } from '../../schedules/schedule-list.ts'
import type { Schedules } from '../../schedules/schedule-service.ts'
import { answer, problems } from '../documented-answers.ts'
import { HttpProblem, invalid, quoted } from '../problem.ts'
import { unknownWorkflow } from '../unknown-workflow.ts'
import { whoAsks } from '../who-asks.ts'

export interface ScheduleDeps {
  database: Sql
  schedules: Schedules
  flows: ReadonlyMap<string, AnyFlow>
}

/** Schedules: declared, listed, changed, deleted. */
export function addScheduleRoutes(app: FastifyInstance, deps: ScheduleDeps): void {
  addCreate(app, deps)
  addList(app, deps)
  addGet(app, deps)
  addUpdate(app, deps)
  addDelete(app, deps)
}

function addCreate(app: FastifyInstance, deps: ScheduleDeps): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    `${BASE}/schedule/create`,
    {
      config: { scope: 'schedules:write' },
      schema: {
        operationId: 'createSchedule',
        summary: 'Declare a schedule',
        tags: ['Schedules'],
        body: ScheduleRequest,
        response: {
          201: answer(ScheduleAnswer, 'It is on disk'),
          200: answer(ScheduleAnswer, 'It was there already, declared alike'),
          ...problems(400, 404, 409, 413, 415),
        },
      },
    },
    async ({ body, caller }, reply) => {
      const who = { by: whoAsks(caller), origin: 'hand' as const }
      const { kind, schedule } = await declared(deps, () => deps.schedules.create(body, who))
      if (kind === 'taken') {
        const detail = `There is a schedule ${quoted(schedule.slug)} with another declaration. Give this one a slug of its own, or change that one with PATCH ${BASE}/schedule/${schedule.slug}.`
        throw new HttpProblem(409, 'schedule_exists', detail)
      }
      return reply.code(kind === 'created' ? 201 : 200).send(ScheduleAnswer.parse(schedule))
    },
  )
}

function addList(app: FastifyInstance, { database }: ScheduleDeps): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/schedule/list`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listSchedules',
        summary: 'Schedules, by their slugs',
        tags: ['Schedules'],
        querystring: ScheduleListQuery,
        response: { 200: answer(ScheduleList, 'Those that match, and how many there are'), ...problems() },
      },
    },
    async ({ query: { workflow, active, origin, ...page } }) => ({
      ...(await listSchedules(database, { workflows: workflow, active, origin }, page)),
      ...page,
    }),
  )
}

function addGet(app: FastifyInstance, { database }: ScheduleDeps): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/schedule/:id`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getSchedule',
        summary: 'One schedule, with its declaration',
        tags: ['Schedules'],
        params: SchedulePath,
        response: { 200: answer(ScheduleDetail, 'The schedule'), ...problems(404) },
      },
    },
    async ({ params }) => (await findSchedule(database, params.id)) ?? notFound(params.id),
  )
}

function addUpdate(app: FastifyInstance, deps: ScheduleDeps): void {
  app.withTypeProvider<ZodTypeProvider>().patch(
    `${BASE}/schedule/:id`,
    {
      config: { scope: 'schedules:write' },
      schema: {
        operationId: 'updateSchedule',
        summary: 'Change what is given; what has started or waits goes on',
        tags: ['Schedules'],
        params: SchedulePath,
        body: ScheduleUpdateRequest,
        response: { 200: answer(ScheduleUpdateAnswer, 'As it is now'), ...problems(400, 404, 409, 413, 415) },
      },
    },
    async ({ params, body: { by, ...body }, caller }) => {
      const update = () => deps.schedules.update(params.id, body, whoAsks(caller, by))
      const outcome = await declared(deps, update)
      if (outcome.kind === 'not_found') return notFound(params.id)
      if (outcome.kind === 'stale') {
        const detail = `Somebody has changed it: version ${outcome.version} is in force, not ${body.version}. Read it again, and send the change with that version.`
        throw new HttpProblem(409, 'stale_version', detail)
      }
      return { ...outcome.schedule, removed: outcome.removed }
    },
  )
}

function addDelete(app: FastifyInstance, { schedules }: ScheduleDeps): void {
  app.withTypeProvider<ZodTypeProvider>().delete(
    `${BASE}/schedule/:id`,
    {
      config: { scope: 'schedules:write' },
      schema: {
        operationId: 'deleteSchedule',
        summary: 'Delete a schedule; its runs go on, and what it has fired stays on record',
        tags: ['Schedules'],
        params: SchedulePath,
        querystring: z.object({ by: By }),
        response: { 200: answer(ScheduleDeleteAnswer, 'It is gone'), ...problems(404) },
      },
    },
    async ({ params, query, caller }) => {
      const outcome = await schedules.remove(params.id, whoAsks(caller, query.by))
      if (outcome.kind !== 'done') return notFound(params.id)
      const { schedule_id } = outcome.schedule
      return { schedule_id, status: 'deleted' as const, message: 'Schedule deleted successfully' }
    },
  )
}

/** What a declaration is refused for, as problems. */
export async function declared<T>({ flows }: Pick<ScheduleDeps, 'flows'>, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof BadSchedule) throw invalid(error.errors)
    if (error instanceof UnknownWorkflow) throw unknownWorkflow(error.workflow, flows.keys())
    throw error
  }
}

export function notFound(id: string): never {
  throw new HttpProblem(404, 'schedule_not_found', `There is no schedule ${quoted(id)}.`)
}
