/** The platform's settings, with their defaults. */
import { z } from 'zod'
import { SCOPES, type Scope, type StaticKey } from './contract/key.ts'
import { Networks, number, oneOf, urlOf, webUrl, whole } from './setting-kinds.ts'

export const ROLES = ['api', 'worker', 'consumer', 'scheduler'] as const
export type Role = (typeof ROLES)[number]

const Roles = z.string().transform((text, context) => {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !ROLES.includes(name as Role))
  if (unknown.length === 0) return [...new Set(names)] as Role[]
  context.addIssue({ code: 'custom', message: `knows only ${ROLES.join(', ')}, not "${unknown.join(', ')}"` })
  return z.NEVER
})

const ApiKeys = z.string().transform((text, context) => {
  const keys: StaticKey[] = []
  for (const entry of text.split(',').map((part) => part.trim())) {
    const [, name, secret, scopes = 'admin'] = /^([^:]+):([^:]+)(?::(.+))?$/.exec(entry) ?? []
    const asked = scopes.split('+')
    if (!name || !secret || secret.length < 16 || !asked.every((s) => SCOPES.includes(s as Scope))) {
      const form = `name:secret:scope+scope, secret of 16 characters or more, scopes of ${SCOPES.join(', ')}`
      context.addIssue({ code: 'custom', message: `each entry must read ${form}` })
      return z.NEVER
    }
    keys.push({ name, secret, scopes: asked as Scope[] })
  }
  return keys
})

export const PLATFORM_SETTINGS = {
  PORT: whole(0, 65_535).default(8004),
  HOST: z.string().min(1).default('127.0.0.1'),
  ROLES: Roles.default([...ROLES]),
  DATABASE_URL: urlOf('postgres:', 'postgresql:').optional(),
  DATABASE_POOL_SIZE: whole(4, 200).default(16),
  DATA_DIR: z.string().min(1).default('.data'),
  DEPLOYMENTS_DIR: z.string().min(1).optional(),
  RABBITMQ_URL: urlOf('amqp:', 'amqps:').optional(),
  RABBITMQ_PREFIX: z.string().max(60).default(''),
  REDIS_URL: urlOf('redis:', 'rediss:').optional(),
  API_KEYS: ApiKeys.optional(),
  SLACK_BOT_TOKEN: z.string().min(1).optional(),
  SLACK_API_URL: webUrl.optional(),
  SMTP_URL: urlOf('smtp:', 'smtps:').optional(),
  EMAIL_FROM: z.string().min(3).max(320).default('Hotel <noreply@localhost>'),
  TWILIO_ACCOUNT_SID: z.string().min(1).optional(),
  TWILIO_AUTH_TOKEN: z.string().min(1).optional(),
  TWILIO_API_URL: webUrl.optional(),
  TWILIO_SMS_FROM: z.string().min(1).optional(),
  TWILIO_WHATSAPP_FROM: z.string().min(1).optional(),
  S3_BUCKET: z.string().min(3).max(63).optional(),
  S3_ENDPOINT: webUrl.optional(),
  S3_REGION: z.string().min(1).default('us-east-1'),
  S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  INFLUX_URL: webUrl.optional(),
  INFLUX_TOKEN: z.string().min(1).optional(),
  INFLUX_ORG: z.string().min(1).default('hotel'),
  INFLUX_BUCKET: z.string().min(1).default('prefect'),
  OTEL_EXPORTER_OTLP_ENDPOINT: webUrl.optional(),
  SENTRY_DSN: webUrl.optional(),
  LOG_LEVEL: oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent').default('info'),
  BODY_LIMIT_BYTES: whole(1_024, 104_857_600).default(1_048_576),
  RATE_LIMIT_PER_MINUTE: whole(1, 10_000_000).default(60_000),
  WRONG_KEYS_PER_MINUTE: whole(1, 10_000_000).default(60),
  REQUEST_TIMEOUT_SECONDS: whole(1, 3_600).default(60),
  CONNECTIONS_PER_ADDRESS: whole(1, 1_000_000).default(200),
  TRUST_PROXY: Networks.default([]),
  SHUTDOWN_GRACE_SECONDS: number(0, 600).default(3),
}
