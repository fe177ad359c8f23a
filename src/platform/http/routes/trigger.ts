import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { BASE } from '../../contract/api.ts'
import { fieldErrors } from '../../contract/problem.ts'
import { TriggerAnswer, TriggerRequest } from '../../contract/run.ts'
import type { Engine } from '../../engine/engine.ts'
import type { AnyFlow } from '../../engine/flow.ts'
import { bodyHash, newRunId, runIdFor } from '../../engine/ids.ts'
import { instantText } from '../../postgres/instant-text.ts'
import type { Sql } from '../../postgres/sql.ts'
import { findRun } from '../../runs/runs.ts'
import { answer, problems } from '../documented-answers.ts'
import type { Estimates } from '../estimates.ts'
import { localInstant } from '../local-instant.ts'
import { HttpProblem, invalid, quoted } from '../problem.ts'
import { unknownWorkflow } from '../unknown-workflow.ts'

export interface TriggerDeps {
  database: Sql
  engine: Pick<Engine, 'start'>
  flows: ReadonlyMap<string, AnyFlow>
  estimates: Estimates
  /** IANA name: times without an offset are read in it. */
  timezone: string
}

/** `POST workflows/trigger`: starts a run, now or later; a repeated idempotency key finds the first run. */
export function addTriggerRoute(app: FastifyInstance, deps: TriggerDeps): void {
  app.post(
    `${BASE}/workflows/trigger`,
    {
      config: { scope: 'workflows:write' },
      schema: {
        operationId: 'triggerWorkflow',
        summary: 'Start a workflow, now or at a time',
        tags: ['Workflows'],
        body: TriggerRequest,
        response: {
          201: answer(TriggerAnswer, 'The run is on disk'),
          200: answer(
            TriggerAnswer,
            'The idempotency key was used before, with the same body: its first run',
          ),
          ...problems(400, 404, 409, 413, 415),
        },
      },
    },
    async (request, reply) => trigger(deps, request, reply),
  )
}

async function trigger(
  deps: TriggerDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<TriggerAnswer> {
  const body = request.body as TriggerRequest
  const flow = deps.flows.get(body.workflow_name)
  if (flow === undefined) throw unknownWorkflow(body.workflow_name, deps.flows.keys())
  const at = localInstant(body.scheduled_time, deps.timezone, 'body.scheduled_time')
  const { runId, created, requestHash } = await start(deps, flow, body, at, request.caller?.name)
  const run = await findRun(deps.database, runId)
  if (run === undefined) throw new Error(`The run ${runId} was started and cannot be found.`)
  if (!created && run.requestHash !== requestHash) {
    const detail = `The idempotency key ${quoted(body.idempotency_key ?? '')} was used before with another body: use a new one.`
    throw new HttpProblem(409, 'idempotency_conflict', detail)
  }
  if (!created) reply.header('idempotent-replayed', 'true')
  reply.code(created ? 201 : 200)
  return {
    flow_run_id: runId,
    workflow_name: flow.name,
    // A worker may have it already, but what was done here is that it was put in the queue.
    status: created ? (run.scheduledFor ? 'scheduled' : 'pending') : run.status,
    scheduled_start: instantText(run.scheduledFor ?? run.createdAt),
    estimated_duration_minutes: await deps.estimates(flow),
    parameters: body.parameters,
    created_at: instantText(run.createdAt),
  }
}

async function start(
  deps: Pick<TriggerDeps, 'engine'>,
  flow: AnyFlow,
  body: TriggerRequest,
  at: Date | undefined,
  createdBy: string | undefined,
) {
  const parsed = await flow.parameters.safeParseAsync(body.parameters)
  if (!parsed.success) throw invalid(fieldErrors(parsed.error, 'body.parameters'))
  const key = body.idempotency_key
  const requestHash = bodyHash({
    parameters: body.parameters,
    scheduled_time: at?.toISOString(),
    priority: body.priority,
  })
  const { runId, created } = await deps.engine.start({
    runId: key === undefined ? newRunId() : runIdFor('run', flow.name, key),
    flow,
    parameters: parsed.data,
    requestHash,
    ...(at ? { scheduledFor: at } : {}),
    ...(body.priority === undefined ? {} : { priority: body.priority }),
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(createdBy === undefined ? {} : { createdBy }),
  })
  return { runId, created, requestHash }
}
