import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { BASE, RunPath } from '../../contract/api.ts'
import { CancelAnswer, SignalAnswer, SignalRequest } from '../../contract/run.ts'
import type { CancelOutcome, Engine } from '../../engine/engine.ts'
import { instantText } from '../../postgres/instant-text.ts'
import type { Sql } from '../../postgres/sql.ts'
import { findRun, statusOf } from '../../runs/runs.ts'
import { answer, problems } from '../documented-answers.ts'
import { HttpProblem, runNotFound } from '../problem.ts'

export interface RunControlDeps {
  database: Sql
  engine: Pick<Engine, 'cancel' | 'signal'>
}

/** What a person may do to a run: cancel it, send it a signal. */
export function addRunControlRoutes(app: FastifyInstance, deps: RunControlDeps): void {
  addCancel(app, deps)
  addSignal(app, deps)
}

function addCancel(app: FastifyInstance, deps: RunControlDeps): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    `${BASE}/workflows/cancel/:id`,
    {
      config: { scope: 'workflows:write' },
      schema: {
        operationId: 'cancelWorkflow',
        summary: 'Cancel a run; a saga undoes what it did first',
        tags: ['Workflows'],
        params: RunPath,
        response: {
          200: answer(CancelAnswer, 'Cancelled, or cancelling while it undoes what it did'),
          ...problems(404, 409),
        },
      },
    },
    async ({ params }): Promise<CancelAnswer> => {
      const outcome = await deps.engine.cancel(params.id)
      if (outcome.kind === 'not_found') throw runNotFound(params.id)
      if (outcome.kind === 'already_ended') return alreadyEnded(deps.database, params.id, outcome)
      return {
        flow_run_id: params.id,
        previous_status: statusOf(outcome.previous),
        new_status: outcome.kind,
        cancelled_at: instantText(outcome.at),
        message:
          outcome.kind === 'cancelled'
            ? 'Workflow cancelled by user request'
            : 'Workflow is being cancelled by user request',
      }
    },
  )
}

/** Cancelling what was cancelled before is no conflict: the caller has what it asked for. */
async function alreadyEnded(
  sql: Sql,
  runId: string,
  outcome: Extract<CancelOutcome, { kind: 'already_ended' }>,
): Promise<CancelAnswer> {
  const run = await findRun(sql, runId)
  if (run?.status !== 'cancelled') {
    throw await conflict(sql, runId, outcome.status, 'it has ended and cannot be cancelled.')
  }
  return {
    flow_run_id: runId,
    previous_status: 'cancelled',
    new_status: 'cancelled',
    cancelled_at: instantText(run.completedAt ?? run.cancelRequestedAt ?? run.createdAt),
    message: 'Workflow cancelled by user request',
  }
}

function addSignal(app: FastifyInstance, deps: RunControlDeps): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    `${BASE}/workflows/signal/:id/:signal`,
    {
      config: { scope: 'workflows:write' },
      schema: {
        operationId: 'signalWorkflow',
        summary: 'Send a signal to a run that waits for one, or will',
        tags: ['Workflows'],
        params: RunPath.extend({ signal: z.string().min(1).max(200) }),
        body: SignalRequest.nullish(),
        response: { 202: answer(SignalAnswer, 'The run has it'), ...problems(400, 404, 409, 413, 415) },
      },
    },
    async ({ params, body }, reply) => {
      const outcome = await deps.engine.signal(params.id, params.signal, body?.payload ?? null)
      if (outcome.kind === 'not_found') throw runNotFound(params.id)
      if (outcome.kind === 'already_ended') {
        throw await conflict(deps.database, params.id, outcome.status, 'it has ended and takes no signals.')
      }
      return reply.code(202).send({ flow_run_id: params.id, signal: params.signal, status: 'delivered' })
    },
  )
}

/** 409 with the state the run is really in; `otherwise` is what the engine said, should the row be gone. */
async function conflict(sql: Sql, runId: string, otherwise: string, why: string): Promise<HttpProblem> {
  const status = (await findRun(sql, runId))?.status ?? otherwise
  return new HttpProblem(409, 'run_state_conflict', `The run is ${status}: ${why}`, { runStatus: status })
}
