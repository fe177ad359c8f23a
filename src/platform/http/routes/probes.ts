import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { BASE } from '../../contract/api.ts'
import { Health } from '../../contract/health.ts'
import { answer, problems } from '../documented-answers.ts'

const Live = z.object({ status: z.literal('ok') })
const Ready = z.object({ status: z.enum(['ready', 'not_ready']), reason: z.string().optional() })

export interface ProbeDeps {
  ready: () => Promise<{ ready: boolean; reason?: string }>
  metrics: () => Promise<{ contentType: string; body: string }>
}

export interface HealthDeps {
  health: () => Promise<Health>
}

/** Served by every process, whatever its roles: is it alive, can it work, what did it do. */
export function addProbeRoutes(app: FastifyInstance, deps: ProbeDeps): void {
  app.get(
    '/livez',
    {
      config: { rateLimit: false },
      schema: {
        operationId: 'livez',
        summary: 'Alive; touches nothing',
        tags: ['Health'],
        security: [],
        response: { 200: answer(Live, 'Alive') },
      },
    },
    async () => ({ status: 'ok' }),
  )
  app.get(
    '/readyz',
    {
      config: { rateLimit: false },
      schema: {
        operationId: 'readyz',
        summary: 'Database reachable and migrated',
        tags: ['Health'],
        security: [],
        response: { 200: answer(Ready, 'Ready'), 503: answer(Ready, 'Not ready') },
      },
    },
    async (request, reply) => {
      const state = await deps.ready().catch((err: unknown) => {
        request.log.warn({ err }, 'not ready')
        return { ready: false, reason: 'The readiness check failed: see the log.' }
      })
      if (state.ready) return { status: 'ready' }
      return reply.code(503).send({ status: 'not_ready', reason: state.reason })
    },
  )
  app.get(
    '/metrics',
    {
      config: { scope: 'read', rateLimit: false },
      schema: {
        operationId: 'metrics',
        summary: 'Prometheus metrics',
        tags: ['Health'],
        response: {
          200: answer(z.string(), 'Text exposition format', 'text/plain'),
          ...problems(),
        },
      },
    },
    async (_request, reply) => {
      const { contentType, body } = await deps.metrics()
      return reply.type(contentType).send(body)
    },
  )
}

/** `GET health`: 200 while healthy or degraded, 503 when unhealthy. */
export function addHealthRoute(app: FastifyInstance, deps: HealthDeps): void {
  app.get(
    `${BASE}/health`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'health',
        summary: 'Each part of the service, and the workers',
        tags: ['Health'],
        response: {
          ...problems(),
          200: answer(Health, 'Healthy or degraded'),
          503: answer(Health, 'Unhealthy'),
        },
      },
    },
    async (_request, reply) => {
      const health = await deps.health()
      return reply.code(health.status === 'unhealthy' ? 503 : 200).send(health)
    },
  )
}
