import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { BASE } from '../../contract/api.ts'
import { FiringList, FiringListQuery } from '../../contract/firing.ts'
import { ScheduleDetail } from '../../contract/schedule.ts'
import {
  PauseRequest,
  ResumeRequest,
  RunNowAnswer,
  RunNowHeaders,
  RunNowRequest,
  SchedulePath,
} from '../../contract/schedule-control.ts'
import type { Sql } from '../../postgres/sql.ts'
import { findFired, listFirings } from '../../schedules/firing-list.ts'
import { MOST_MISSED } from '../../schedules/pause-schedule.ts'
import { findSchedule } from '../../schedules/schedule-list.ts'
import type { Schedules } from '../../schedules/schedule-service.ts'
import { answer, problems } from '../documented-answers.ts'
import { localInstant } from '../local-instant.ts'
import { HttpProblem } from '../problem.ts'
import { whoAsks } from '../who-asks.ts'
import { notFound } from './schedules.ts'

export interface ScheduleControlDeps {
  database: Sql
  schedules: Schedules
}

/** What people do to a schedule, and what it has done. */
export function addScheduleControlRoutes(app: FastifyInstance, deps: ScheduleControlDeps): void {
  addPause(app, deps)
  addResume(app, deps)
  addRunNow(app, deps)
  addFirings(app, deps)
}

function addPause(app: FastifyInstance, { schedules }: ScheduleControlDeps): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    `${BASE}/schedule/:id/pause`,
    {
      config: { scope: 'schedules:write' },
      schema: {
        operationId: 'pauseSchedule',
        summary: 'Fire no more until it is resumed; runs go on',
        tags: ['Schedules'],
        params: SchedulePath,
        body: PauseRequest.nullish(),
        response: { 200: answer(ScheduleDetail, 'Paused'), ...problems(400, 404, 413, 415) },
      },
    },
    async ({ params, body, caller }) => {
      const how = { by: whoAsks(caller, body?.by), note: body?.note ?? null }
      const outcome = await schedules.pause(params.id, how)
      return outcome.kind === 'done' ? outcome.schedule : notFound(params.id)
    },
  )
}

function addResume(app: FastifyInstance, { schedules }: ScheduleControlDeps): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    `${BASE}/schedule/:id/resume`,
    {
      config: { scope: 'schedules:write' },
      schema: {
        operationId: 'resumeSchedule',
        summary: 'Fire again; `missed` says what becomes of the times in between',
        tags: ['Schedules'],
        params: SchedulePath,
        body: ResumeRequest.nullish(),
        response: { 200: answer(ScheduleDetail, 'It fires again'), ...problems(400, 404, 409, 413, 415) },
      },
    },
    async ({ params, body, caller }) => {
      const how = { by: whoAsks(caller, body?.by), missed: body?.missed }
      const outcome = await schedules.resume(params.id, how)
      if (outcome.kind === 'ask') {
        const many =
          outcome.missed >= MOST_MISSED
            ? `${MOST_MISSED} or more of its times`
            : `${outcome.missed} of its times`
        const detail = `${many} passed while it was paused. Say what becomes of them: "missed": "skip", "last" or "all".`
        throw new HttpProblem(409, 'missed_firings', detail)
      }
      return outcome.kind === 'done' ? outcome.schedule : notFound(params.id)
    },
  )
}

function addRunNow(app: FastifyInstance, { database, schedules }: ScheduleControlDeps): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    `${BASE}/schedule/:id/run`,
    {
      config: { scope: 'schedules:write' },
      schema: {
        operationId: 'runSchedule',
        summary: 'Run it now, whatever still runs; a repeated Idempotency-Key finds the first run',
        tags: ['Schedules'],
        params: SchedulePath,
        headers: RunNowHeaders,
        body: RunNowRequest.nullish(),
        response: { 202: answer(RunNowAnswer, 'The run is on disk'), ...problems(400, 404, 409, 413, 415) },
      },
    },
    async ({ params, body, caller, headers }, reply) => {
      const schedule = (await findSchedule(database, params.id)) ?? notFound(params.id)
      const how = { by: whoAsks(caller, body?.by), key: headers['idempotency-key'] || undefined }
      const outcome = await schedules.runNow(schedule.schedule_id, how)
      if (outcome.kind === 'not_found') return notFound(params.id)
      if (outcome.kind === 'refused') throw new HttpProblem(409, 'cannot_run', outcome.detail)
      const { schedule_id } = schedule
      if (!outcome.created) reply.header('idempotent-replayed', 'true')
      return reply.code(202).send({ schedule_id, flow_run_id: outcome.runId, status: 'accepted' as const })
    },
  )
}

function addFirings(app: FastifyInstance, { database }: ScheduleControlDeps): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/schedule/:id/firings`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listFirings',
        summary: 'What became of each of its times, newest first',
        tags: ['Schedules'],
        params: SchedulePath,
        querystring: FiringListQuery,
        response: { 200: answer(FiringList, 'One page'), ...problems(404) },
      },
    },
    async ({ params, query }) => {
      const { id, timezone } = (await findFired(database, params.id)) ?? notFound(params.id)
      const filter = {
        outcomes: query.outcome,
        kinds: query.kind,
        backfillId: query.backfill_id,
        after: localInstant(query.nominal_after, timezone, 'query.nominal_after'),
        before: localInstant(query.nominal_before, timezone, 'query.nominal_before'),
      }
      const { firings, ...rest } = await listFirings(database, id, filter, query)
      return { firings, ...rest, limit: query.limit, offset: query.offset }
    },
  )
}
