import { z } from 'zod'
import { UtcInstant } from './instant.ts'

const CheckStatus = z.enum(['ok', 'error', 'disabled'])
const Check = z.object({
  status: CheckStatus,
  latency_ms: z.number().optional(),
  error: z.string().optional(),
})
/** One part of the service. `disabled`: not configured, which degrades nothing. */
export type Check = z.infer<typeof Check>

const Queues = z.record(z.string(), z.object({ messages: z.number(), consumers: z.number() }))
/** By queue name: messages ready for delivery (not those in hand), and consumers. */
export type Queues = z.infer<typeof Queues>

/** `GET health`, as in the specification. */
export const Health = z
  .object({
    status: z.enum(['healthy', 'degraded', 'unhealthy']),
    timestamp: UtcInstant,
    version: z.string(),
    checks: z.object({
      database: Check,
      redis: Check,
      rabbitmq: Check.extend({
        queues: Queues.optional(),
      }),
      prefect_server: Check.extend({ engine: z.string(), backlog_age_seconds: z.number().optional() }),
    }),
    active_flow_runs: z.number(),
    scheduled_flow_runs: z.number(),
    worker_status: z.object({
      total_workers: z.number(),
      active_workers: z.number(),
      idle_workers: z.number(),
    }),
  })
  .meta({ id: 'Health' })
export type Health = z.infer<typeof Health>
