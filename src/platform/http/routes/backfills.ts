import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { BASE } from '../../contract/api.ts'
import {
  Backfill,
  BackfillCount,
  BackfillList,
  BackfillPath,
  BackfillRequest,
  CancelBackfillRequest,
  SchedulePath,
} from '../../contract/schedule-control.ts'
import type { Sql } from '../../postgres/sql.ts'
import { findBackfill, listBackfills, MOST_COUNTED, MOST_FIRINGS } from '../../schedules/backfills.ts'
import { findSchedule } from '../../schedules/schedule-list.ts'
import type { Schedules } from '../../schedules/schedule-service.ts'
import { answer, problems } from '../documented-answers.ts'
import { localInstant } from '../local-instant.ts'
import { HttpProblem, invalid, quoted } from '../problem.ts'
import { whoAsks } from '../who-asks.ts'
import { notFound } from './schedules.ts'

export interface BackfillDeps {
  database: Sql
  schedules: Schedules
}

/** Running a schedule for times that are over. */
export function addBackfillRoutes(app: FastifyInstance, deps: BackfillDeps): void {
  addCreate(app, deps)
  addReads(app, deps)
  addCancel(app, deps)
}

function addCreate(app: FastifyInstance, { database, schedules }: BackfillDeps): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    `${BASE}/schedule/:id/backfills`,
    {
      config: { scope: 'schedules:write' },
      schema: {
        operationId: 'createBackfill',
        summary: 'Run it for the times of a range; `dry_run` only counts them',
        tags: ['Schedules'],
        params: SchedulePath,
        body: BackfillRequest,
        response: {
          201: answer(Backfill, 'Its firings are on disk'),
          200: answer(BackfillCount, 'What it would be'),
          ...problems(400, 404, 413, 415),
        },
      },
    },
    async ({ params, body, caller }, reply) => {
      const { schedule_id, timezone } = (await findSchedule(database, params.id)) ?? notFound(params.id)
      const from = localInstant(body.from, timezone, 'body.from')
      const to = localInstant(body.to, timezone, 'body.to')
      if (to < from) throw invalid([{ path: 'body.to', message: 'must not be before from' }])
      const range = { from, to, only_missing: body.only_missing, at_most: body.at_most }
      const who = { by: whoAsks(caller, body.by), note: body.note ?? null }
      const outcome = await schedules.backfill(schedule_id, range, body.dry_run ? undefined : who)
      switch (outcome.kind) {
        case 'not_found':
          return notFound(params.id)
        case 'counted':
          return { firings: outcome.firings, have_run: outcome.have_run }
        case 'created':
          return reply.code(201).send(outcome.backfill)
        case 'too_many':
          throw tooMany(outcome.firings)
        case 'none':
          throw nothingToRun(outcome.have_run)
      }
    },
  )
}

function tooMany(times: number): HttpProblem {
  const count = times >= MOST_COUNTED ? `${MOST_COUNTED} or more` : `${times}`
  const message = `leaves ${count} times to run, and a backfill has at most ${MOST_FIRINGS}: choose a shorter range`
  return invalid([{ path: 'body.to', message }])
}

function nothingToRun(haveRun: number): HttpProblem {
  const message =
    haveRun === 0
      ? 'begins a range in which it was never due: an interval begins at its anchor, and what is ahead comes by itself'
      : `begins a range whose times (${haveRun}) have all run: with only_missing=false they run again`
  return invalid([{ path: 'body.from', message }])
}

function addReads(app: FastifyInstance, { database }: BackfillDeps): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/schedule/:id/backfills`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listBackfills',
        summary: 'Its backfills, newest first',
        tags: ['Schedules'],
        params: SchedulePath,
        response: { 200: answer(BackfillList, 'The newest hundred'), ...problems(404) },
      },
    },
    async ({ params }) => {
      const { schedule_id } = (await findSchedule(database, params.id)) ?? notFound(params.id)
      return { backfills: await listBackfills(database, schedule_id) }
    },
  )
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/schedule/backfills/:backfill_id`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getBackfill',
        summary: 'How far a backfill has come',
        tags: ['Schedules'],
        params: BackfillPath,
        response: { 200: answer(Backfill, 'The backfill'), ...problems(404) },
      },
    },
    async ({ params }) =>
      (await findBackfill(database, params.backfill_id)) ?? backfillNotFound(params.backfill_id),
  )
}

function addCancel(app: FastifyInstance, { schedules }: BackfillDeps): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    `${BASE}/schedule/backfills/:backfill_id/cancel`,
    {
      config: { scope: 'schedules:write' },
      schema: {
        operationId: 'cancelBackfill',
        summary: 'Cancel a backfill: what waits does not start, what runs is cancelled',
        tags: ['Schedules'],
        params: BackfillPath,
        body: CancelBackfillRequest.nullish(),
        response: { 200: answer(Backfill, 'Cancelled'), ...problems(400, 404, 413, 415) },
      },
    },
    async ({ params, body, caller }) => {
      const by = whoAsks(caller, body?.by)
      return (await schedules.cancelBackfill(params.backfill_id, by)) ?? backfillNotFound(params.backfill_id)
    },
  )
}

function backfillNotFound(id: string): never {
  throw new HttpProblem(404, 'backfill_not_found', `There is no backfill ${quoted(id)}.`)
}
