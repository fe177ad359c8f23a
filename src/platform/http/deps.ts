import type { KeyStore } from '../access/keys.ts'
import type { Health } from '../contract/health.ts'
import type { Intake } from '../contract/intake.ts'
import type { Engine } from '../engine/engine.ts'
import type { AnyFlow } from '../engine/flow.ts'
import type { EventKind } from '../events/define-event.ts'
import type { Logger } from '../observability/logger.ts'
import type { Sql } from '../postgres/sql.ts'

/** Everything the HTTP side works with; built once by the composition root. */
export interface HttpDeps {
  database: Sql
  engine: Engine
  intake: Intake
  /** Each has its address. */
  eventKinds: readonly EventKind[]
  flows: ReadonlyMap<string, AnyFlow>
  keys: KeyStore
  health: () => Promise<Health>
  ready: () => Promise<{ ready: boolean; reason?: string }>
  metrics: () => Promise<{ contentType: string; body: string }>
  /** The package's, as the OpenAPI document shows it. */
  version: string
  /** IANA name: times without an offset are read in it. */
  timezone: string
  logger: Logger
  /** Counts the rate limit for all processes together; without it each counts for itself. */
  redis?: SharedCounters | undefined
  /** No key is configured: everyone may do everything, from this machine only. */
  open: boolean
  roles: readonly string[]
  settings: { bodyLimitBytes: number; rateLimitPerMinute: number }
}

/** The part of a Redis client that the rate limit needs. */
export interface SharedCounters {
  defineCommand(name: string, definition: { lua: string; numberOfKeys?: number }): void
}
