/** Environment -> one typed, checked object. Parsed once, in main; `.env.example` lists all. */
import { z } from 'zod'
import { SCOPES, type Scope, type StaticKey } from './platform/contract/key.ts'
import { editDistance } from './platform/spelling.ts'

export const ROLES = ['api', 'worker', 'consumer', 'scheduler'] as const
export type Role = (typeof ROLES)[number]

const number = (least: number, most: number, what = 'a number') => {
  const error = `must be ${what} from ${least} to ${most}`
  return z.coerce.number({ error }).min(least, { error }).max(most, { error })
}
const whole = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`
  return number(least, most, 'a whole number').int({ error })
}
const oneOf = <const Names extends [string, ...string[]]>(...names: Names) =>
  z.enum(names, { error: `must be one of ${names.join(', ')}` })
const urlOf = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`,
  })

const webUrl = urlOf('http:', 'https:')
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/
const ClockTime = z.string().regex(CLOCK, 'must be a time of day, for example 14:00')
const PhoneNumber = z.string().regex(/^\+[1-9]\d{6,14}$/, 'must be a number like +84901234567')

const QuietHours = z.string().transform((text, context) => {
  const [from = '', to = ''] = text.split('-')
  if (CLOCK.test(from) && CLOCK.test(to)) return { from, to }
  context.addIssue({ code: 'custom', message: 'must read 22:00-07:00' })
  return z.NEVER
})

const Timezone = z.string().refine((name) => isTimezone(name), {
  message: 'must be an IANA timezone, for example Asia/Ho_Chi_Minh',
})

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

/** Every setting, with its default. */
const Settings = z.object({
  PORT: whole(0, 65_535).default(8004),
  HOST: z.string().min(1).default('127.0.0.1'),
  ROLES: Roles.default([...ROLES]),
  DATABASE_URL: urlOf('postgres:', 'postgresql:').optional(),
  DATABASE_POOL_SIZE: whole(4, 200).default(16),
  DATA_DIR: z.string().min(1).default('.data'),
  RABBITMQ_URL: urlOf('amqp:', 'amqps:').optional(),
  RABBITMQ_PREFIX: z.string().max(60).default(''),
  REDIS_URL: urlOf('redis:', 'rediss:').optional(),
  API_KEYS: ApiKeys.optional(),
  HOTEL_TIMEZONE: Timezone.default('Asia/Ho_Chi_Minh'),
  ATTENDANCE_MIN_CONFIDENCE: number(0, 1).default(0.7),
  ATTENDANCE_GRACE_MINUTES: whole(0, 240).default(5),
  HOTEL_NAME: z.string().min(1).max(100).default('The hotel'),
  HOTEL_LANGUAGE: oneOf('vi', 'en').default('vi'),
  HOTEL_CURRENCY: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be three capital letters, for example VND')
    .default('VND'),
  NIGHT_AUDIT_AT: ClockTime.default('03:00'),
  CHECK_IN_TIME: ClockTime.default('14:00'),
  CHECK_OUT_TIME: ClockTime.default('12:00'),
  QUIET_HOURS: QuietHours.default({ from: '22:00', to: '07:00' }),
  ROOM_INSPECTION: oneOf('yes', 'no').default('no'),
  ROOM_READY_DELAY_SECONDS: whole(0, 3_600).default(120),
  GUEST_REQUEST_MINUTES: number(0.01, 1_440).default(30),
  ANOMALY_WINDOW_MINUTES: number(0, 10_080).default(30),
  ANOMALY_ACKNOWLEDGE_MINUTES: number(0.01, 1_440).default(15),
  DUTY_MANAGER_SLACK: z.string().min(1).optional(),
  DUTY_MANAGER_PHONE: PhoneNumber.optional(),
  HOUSEKEEPING_SHIFT_MINUTES: whole(30, 720).default(420),
  HOUSEKEEPING_MAX_ROOMS: whole(1, 60).default(16),
  SLACK_BOT_TOKEN: z.string().min(1).optional(),
  SLACK_API_URL: webUrl.optional(),
  SMTP_URL: urlOf('smtp:', 'smtps:').optional(),
  EMAIL_FROM: z.string().min(3).max(320).default('Hotel <noreply@localhost>'),
  TWILIO_ACCOUNT_SID: z.string().min(1).optional(),
  TWILIO_AUTH_TOKEN: z.string().min(1).optional(),
  TWILIO_API_URL: webUrl.optional(),
  TWILIO_SMS_FROM: z.string().min(1).optional(),
  TWILIO_WHATSAPP_FROM: z.string().min(1).optional(),
  LLM_URL: webUrl.optional(),
  LLM_API_KEY: z.string().min(1).optional(),
  ML_URL: webUrl.optional(),
  ML_API_KEY: z.string().min(1).optional(),
  CV_URL: webUrl.optional(),
  CV_API_KEY: z.string().min(1).optional(),
  PMS_KIND: oneOf('cloudbeds', 'rest').default('cloudbeds'),
  PMS_URL: webUrl.optional(),
  PMS_API_KEY: z.string().min(1).optional(),
  PMS_PROPERTY_ID: z.string().min(1).optional(),
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
  SHUTDOWN_GRACE_SECONDS: number(0, 600).default(3),
})
export type Config = z.output<typeof Settings>
export const SETTING_NAMES = Object.keys(Settings.shape)

/** A service that is half configured would be a sandbox in silence: it stops the start instead. */
const TOGETHER: readonly (readonly (keyof Config)[])[] = [
  ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN'],
  ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'],
]

const CheckedSettings = Settings.superRefine((settings, context) => {
  const demand = (name: keyof Config, why: string) => {
    if (settings[name] === undefined)
      context.addIssue({ code: 'custom', path: [name], message: `is missing: ${why}` })
  }
  for (const group of TOGETHER) {
    const given = group.find((name) => settings[name] !== undefined)
    for (const name of given ? group : []) demand(name, `${given} is set`)
  }
  if (settings.TWILIO_ACCOUNT_SID && !settings.TWILIO_SMS_FROM && !settings.TWILIO_WHATSAPP_FROM) {
    demand('TWILIO_SMS_FROM', 'TWILIO_ACCOUNT_SID is set (TWILIO_WHATSAPP_FROM would do as well)')
  }
  if (settings.PMS_URL && settings.PMS_KIND === 'cloudbeds') {
    demand('PMS_API_KEY', 'PMS_URL is set, and PMS_KIND is cloudbeds')
  }
})

/** A setting that cannot be used. The message is one line that names it. */
export class BadSetting extends Error {
  override readonly name = 'BadSetting'
  readonly code = 'bad_setting'
}

/** An empty variable counts as absent. Throws BadSetting. */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '')
  const result = CheckedSettings.safeParse(Object.fromEntries(given))
  if (result.success) return result.data
  const lines = result.error.issues.map(({ path, message }) => {
    const name = path.join('.')
    const secret = /KEY|TOKEN|URL|DSN|SID|PHONE/.test(name)
    const value = secret || environment[name] === undefined ? '' : ` (it is "${environment[name]}")`
    return `${name} ${message}${value}`
  })
  throw new BadSetting(lines.join('; '))
}

/** Variables that look like a misspelt setting: `DATABSE_URL` for `DATABASE_URL`. */
export function likelyMisspellings(
  environment: Record<string, string | undefined>,
): { name: string; meant: string }[] {
  return Object.keys(environment).flatMap((name) => {
    if (SETTING_NAMES.includes(name)) return []
    const meant = SETTING_NAMES.find((setting) => isSlip(name.toUpperCase(), setting))
    return meant === undefined ? [] : [{ name, meant }]
  })
}

/** One letter missing, added, changed or swapped; two in a long name. HOME is no slip of HOST. */
function isSlip(name: string, setting: string): boolean {
  const most = setting.length >= 9 ? 2 : setting.length >= 5 ? 1 : 0
  return Math.abs(name.length - setting.length) <= most && editDistance(name, setting) <= most
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
