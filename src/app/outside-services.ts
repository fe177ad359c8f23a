/** The hotel's other services as this process reaches them: each behind a guard of its own, or undefined. */
import type { Config } from '../config.ts'
import { HOTEL_CALL_LIMITS } from '../hotel/call-limits.ts'
import type { OutsideDeps, StorageDeps } from '../hotel/deps.ts'
import { loadTemplates } from '../hotel/messages/message-files.ts'
import type { TemplateDeps } from '../hotel/messages/templates.ts'
import { createHttpCv } from '../hotel/services/cv/http.ts'
import { createHttpLlm } from '../hotel/services/llm/http.ts'
import { createHttpMl } from '../hotel/services/ml/http.ts'
import { createCloudbeds } from '../hotel/services/pms/cloudbeds.ts'
import type { PropertySystem } from '../hotel/services/pms/property-system.ts'
import { createRestPropertySystem } from '../hotel/services/pms/rest.ts'
import type { RedisConnection } from '../platform/cache/redis.ts'
import { createCache } from '../platform/cache/remembering.ts'
import { createSmtpEmail } from '../platform/channels/email/smtp.ts'
import { createSlack } from '../platform/channels/slack/web-api.ts'
import { createTwilioMessages } from '../platform/channels/sms/twilio.ts'
import type { ChannelDeps } from '../platform/notifications/deps.ts'
import type { Logger } from '../platform/observability/logger.ts'
import { CALL_LIMITS } from '../platform/outbound/call-limits.ts'
import type { ServiceAddress } from '../platform/outbound/service-address.ts'
import { type CallObserver, createGuard, type ServiceGuard } from '../platform/outbound/service-guard.ts'
import { createStorage } from '../platform/storage/flydrive.ts'

const LIMITS = { ...CALL_LIMITS, ...HOTEL_CALL_LIMITS }

type Guards = (service: keyof typeof LIMITS) => ServiceGuard

export interface OutsideParts {
  observer: CallObserver
  redis: RedisConnection['client'] | undefined
  logger: Logger
}

export interface OutsideServices {
  services: OutsideDeps & StorageDeps & TemplateDeps & Omit<ChannelDeps, 'notified'>
  close(): Promise<void>
}

/** Connects nothing yet. Throws BadSetting's kin: an Error that names a template or a setting that cannot be used. */
export async function openOutsideServices(config: Config, parts: OutsideParts): Promise<OutsideServices> {
  const guard: Guards = (service) => createGuard({ service, ...LIMITS[service], observer: parts.observer })
  const channels = await openChannels(config, guard, parts.logger)
  const { LLM_URL, LLM_API_KEY, ML_URL, ML_API_KEY, CV_URL, CV_API_KEY } = config
  const llm = at(createHttpLlm, LLM_URL, LLM_API_KEY, () => guard('llm'))
  const ml = at(createHttpMl, ML_URL, ML_API_KEY, () => guard('ml'))
  const cv = at(createHttpCv, CV_URL, CV_API_KEY, () => guard('cv'))
  const pms = openPropertySystem(config, guard, parts)
  const storage = createStorage({ dataDir: config.DATA_DIR, s3: bucketOf(config), guard: guard('storage') })
  return {
    services: { ...channels, llm, ml, cv, pms, storage },
    async close() {
      for (const service of [llm, ml, cv, pms, channels.email, storage]) await service?.close()
    },
  }
}

function at<Service>(
  create: (address: ServiceAddress) => Service,
  url: string | undefined,
  apiKey: string | undefined,
  guard: () => ServiceGuard,
): Service | undefined {
  return url === undefined ? undefined : create({ url, apiKey, guard: guard() })
}

function bucketOf(config: Config) {
  const { S3_BUCKET: bucket, S3_REGION: region, S3_ENDPOINT: endpoint } = config
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = config
  return bucket ? { bucket, region, endpoint, accessKeyId, secretAccessKey } : undefined
}

async function openChannels(config: Config, guard: Guards, logger: Logger) {
  const { SLACK_BOT_TOKEN: token, SLACK_API_URL: apiUrl, SMTP_URL: smtpUrl, EMAIL_FROM: from } = config
  const mail = LIMITS.email.timeoutMs
  return {
    slack: token ? createSlack({ token, apiUrl, logger, guard: guard('slack') }) : undefined,
    email: smtpUrl
      ? createSmtpEmail({ url: smtpUrl, from, guard: guard('email'), timeoutMs: mail })
      : undefined,
    sms: openTwilio(config, 'sms', config.TWILIO_SMS_FROM, guard),
    whatsapp: openTwilio(config, 'whatsapp', config.TWILIO_WHATSAPP_FROM, guard),
    templates: await loadTemplates({ hotelName: config.HOTEL_NAME }),
  }
}

function openTwilio(config: Config, channel: 'sms' | 'whatsapp', from: string | undefined, guard: Guards) {
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, TWILIO_API_URL: apiUrl } = config
  if (!accountSid || !authToken || !from) return undefined
  return createTwilioMessages({ accountSid, authToken, from, channel, apiUrl, guard: guard(channel) })
}

function openPropertySystem(
  config: Config,
  guard: Guards,
  { redis, observer }: OutsideParts,
): PropertySystem | undefined {
  const { PMS_URL: url, PMS_API_KEY: apiKey, PMS_PROPERTY_ID: propertyId } = config
  if (url === undefined) return undefined
  if (config.PMS_KIND === 'rest') return createRestPropertySystem({ url, apiKey, guard: guard('pms') })
  const cache = createCache({ redis, observer })
  const timezone = config.HOTEL_TIMEZONE
  return createCloudbeds({ url, apiKey: apiKey ?? '', propertyId, guard: guard('pms'), cache, timezone })
}
