import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { BASE, RunPath } from '../../contract/api.ts'
import {
  Catalogue,
  type CatalogueEntry,
  RunDetail,
  RunList,
  RunListQuery,
  RunLogs,
} from '../../contract/run.ts'
import type { AnyFlow } from '../../engine/flow.ts'
import type { Sql } from '../../postgres/sql.ts'
import { runDetail } from '../../runs/run-detail.ts'
import { listRuns } from '../../runs/run-list.ts'
import { runLogs } from '../../runs/runs.ts'
import { schedulesByWorkflow } from '../../schedules/schedule-list.ts'
import { answer, problems } from '../documented-answers.ts'
import type { Estimates } from '../estimates.ts'
import { localInstant } from '../local-instant.ts'
import { runNotFound } from '../problem.ts'

export interface RunDeps {
  database: Sql
  flows: ReadonlyMap<string, AnyFlow>
  estimates: Estimates
  /** IANA name: times without an offset are read in it. */
  timezone: string
}

/** Reading: the runs, one run, its log, and the workflows there are. */
export function addRunRoutes(app: FastifyInstance, deps: RunDeps): void {
  addList(app, deps)
  addStatus(app, deps)
  addLogs(app, deps)
  addCatalogue(app, deps)
}

function addList(app: FastifyInstance, deps: Pick<RunDeps, 'database' | 'timezone'>): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/workflows/list`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listRuns',
        summary: 'Runs, newest first',
        tags: ['Workflows'],
        querystring: RunListQuery,
        response: { 200: answer(RunList, 'One page'), ...problems() },
      },
    },
    async ({ query }) => {
      const filter = {
        workflowNames: query.workflow_name,
        statuses: query.status,
        eventIds: query.event_id,
        subject: query.subject,
        startedAfter: localInstant(query.started_after, deps.timezone, 'query.started_after'),
        startedBefore: localInstant(query.started_before, deps.timezone, 'query.started_before'),
        flagged: query.flagged,
        search: query.q,
      }
      const { runs, ...rest } = await listRuns(deps.database, filter, query)
      return { workflow_runs: runs, ...rest, limit: query.limit, offset: query.offset }
    },
  )
}

function addStatus(app: FastifyInstance, deps: Pick<RunDeps, 'database'>): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/workflows/status/:id`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getRun',
        summary: 'One run: state, tasks and their attempts, result or error',
        tags: ['Workflows'],
        params: RunPath,
        response: { 200: answer(RunDetail, 'The run'), ...problems(404) },
      },
    },
    async ({ params }) => {
      const run = await runDetail(deps.database, params.id)
      if (run === undefined) throw runNotFound(params.id)
      return run
    },
  )
}

function addLogs(app: FastifyInstance, deps: Pick<RunDeps, 'database'>): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/workflows/logs/:id`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getRunLogs',
        summary: 'What a run logged',
        tags: ['Workflows'],
        params: RunPath,
        response: { 200: answer(RunLogs, 'At most 5000 lines'), ...problems(404) },
      },
    },
    async ({ params }) => {
      const logs = await runLogs(deps.database, params.id)
      if (logs === undefined) throw runNotFound(params.id)
      return { flow_run_id: params.id, logs }
    },
  )
}

function addCatalogue(app: FastifyInstance, deps: Pick<RunDeps, 'database' | 'flows' | 'estimates'>): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/workflows`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listWorkflows',
        summary: 'The workflows there are, with the JSON Schema of their parameters',
        tags: ['Workflows'],
        response: { 200: answer(Catalogue, 'All of them'), ...problems() },
      },
    },
    async () => {
      const workflows: CatalogueEntry[] = []
      const schedules = await schedulesByWorkflow(deps.database)
      for (const flow of deps.flows.values()) {
        const entry = entryOf(flow, await deps.estimates(flow))
        workflows.push({ ...entry, schedules: schedules.get(flow.name) ?? [] })
      }
      return { workflows, total: workflows.length }
    },
  )
}

function entryOf(flow: AnyFlow, minutes: number): Omit<CatalogueEntry, 'schedules'> {
  return {
    name: flow.name,
    description: flow.description,
    parameters: z.toJSONSchema(flow.parameters, { io: 'input', unrepresentable: 'any' }),
    estimated_duration_minutes: minutes,
    queue: flow.queue ?? 'default',
  }
}
