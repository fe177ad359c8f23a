import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { BASE, RunPath } from '../../contract/api.ts'
import {
  NewRunAnswer,
  RetryAnswer,
  RetryPreview,
  RetryPreviewQuery,
  RetryRequest,
} from '../../contract/retry.ts'
import type { PlannedRetry, Retries, RetryPlan } from '../../engine/retry-plan.ts'
import { notificationsOfRuns } from '../../notifications/run-notifications.ts'
import type { Sql } from '../../postgres/sql.ts'
import { nearestNames } from '../../spelling.ts'
import { answer, problems } from '../documented-answers.ts'
import { HttpProblem, invalid, quoted, runNotFound } from '../problem.ts'
import { type NewRunDeps, startWithOtherParameters } from './retry-new-run.ts'

export interface RetryDeps extends NewRunDeps {
  database: Sql
  engine: Retries & NewRunDeps['engine']
}

/** What a retry would do, and the retry: of the run itself, or as a new one with other parameters. */
export function addRetryRoutes(app: FastifyInstance, deps: RetryDeps): void {
  addPreview(app, deps)
  addRetry(app, deps)
}

function addPreview(app: FastifyInstance, { database, engine }: RetryDeps): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/workflows/retry/:id/preview`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'previewRetry',
        summary: 'What a retry would do: which tasks run again, which do not, who may be notified again',
        tags: ['Workflows'],
        params: RunPath,
        querystring: RetryPreviewQuery,
        response: { 200: answer(RetryPreview, 'What the same retry would do now'), ...problems(404) },
      },
    },
    async ({ params, query }): Promise<RetryPreview> => {
      const plan = planned(await engine.planRetry(params.id, query.from_task), params.id, 'query', query)
      const { refused } = plan
      return {
        flow_run_id: plan.runId,
        status: plan.status,
        allowed: refused === undefined,
        reason: refused ? sentence(plan, refused.reason) : null,
        from_task: plan.from ?? null,
        ...listsOf(plan),
        kept: plan.kept.map(taskOf),
        notifies_again: await notificationsOfRuns(database, plan.speakers),
      }
    },
  )
}

function addRetry(app: FastifyInstance, deps: RetryDeps): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    `${BASE}/workflows/retry/:id`,
    {
      config: { scope: 'workflows:write' },
      schema: {
        operationId: 'retryWorkflow',
        summary: 'Run again from the failed task; completed tasks are not repeated',
        description:
          'With `from_task`: from that task on, whether it and those after it completed or not. With `parameters`: a new ' +
          'run that names this one as its origin.',
        tags: ['Workflows'],
        params: RunPath,
        headers: z.object({
          'idempotency-key': z.string().max(500).optional().meta({
            description: 'With `parameters`: the same ones under another key are another new run.',
          }),
        }),
        body: RetryRequest.nullish(),
        response: {
          200: answer(NewRunAnswer, 'A new run with these parameters was started before: that one'),
          201: answer(NewRunAnswer, 'The new run is on disk'),
          202: answer(RetryAnswer, 'It runs again'),
          ...problems(400, 404, 409, 413, 415),
        },
      },
    },
    async ({ params, headers, body, caller }, reply) => {
      if (body?.parameters) {
        const asked = {
          originId: params.id,
          parameters: body.parameters,
          key: headers['idempotency-key'] || undefined,
        }
        const { created, run } = await startWithOtherParameters(deps, { ...asked, createdBy: caller?.name })
        if (!created) reply.header('idempotent-replayed', 'true')
        return reply.code(created ? 201 : 200).send(run)
      }
      const from = body?.from_task
      const plan = planned(await deps.engine.retryFrom(params.id, from), params.id, 'body', body ?? {})
      if (plan.refused) {
        const detail = sentence(plan, plan.refused.reason)
        throw new HttpProblem(409, 'run_state_conflict', detail, { runStatus: plan.status })
      }
      return reply
        .code(202)
        .send(from === undefined ? accepted(plan) : { ...accepted(plan), ...listsOf(plan) })
    },
  )
}

function planned(
  plan: PlannedRetry,
  runId: string,
  where: 'query' | 'body',
  { from_task = '' }: { from_task?: string | undefined },
): RetryPlan {
  if (plan.kind === 'plan') return plan
  if (plan.kind === 'not_found') throw runNotFound(runId)
  const near = nearestNames(from_task, plan.tasks).map(quoted)
  const known = plan.tasks.slice(0, 20).map(quoted).join(', ')
  const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : known && ` It has ${known}.`
  throw invalid([{ path: `${where}.from_task`, message: `the run has no task ${quoted(from_task)}.${hint}` }])
}

const sentence = ({ status, refused }: RetryPlan, reason: string) =>
  `The run is ${status}: ${refused?.code === 'flagged' ? 'a person must mend it first. ' : ''}${reason}`

function accepted(plan: RetryPlan): RetryAnswer {
  const from = plan.from ?? null
  const twice = plan.runsAgain.filter((task) => task.kind === 'transaction' && task.status === 'completed')
  const names = [...new Set(twice.map((task) => task.name))]
  const again = names.length === 0 ? '' : `; applied again: ${names.join(', ')}`
  return {
    flow_run_id: plan.runId,
    status: 'accepted',
    retried_from: from,
    message: `${from === null ? 'Workflow runs again' : `Workflow runs again from ${from}`}${again}`,
  }
}

const listsOf = (plan: RetryPlan) => ({
  runs_again: plan.runsAgain.map(taskOf),
  children: plan.children.map((child) => ({
    flow_run_id: child.runId,
    workflow_name: child.workflowName,
    status: child.status,
    parent_run_id: child.parentRunId,
    becomes: child.becomes,
  })),
})

const taskOf = ({ name, taskRunId, status, kind }: RetryPlan['kept'][number]) => ({
  task_name: name,
  task_run_id: taskRunId,
  status,
  kind,
  effect: kind === 'transaction' ? ('database' as const) : kind === 'task' ? ('outside' as const) : null,
})
