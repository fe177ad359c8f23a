import { z } from 'zod'
import { UtcInstant } from './instant.ts'
import { PageAnswer, PageQuery, Search, several } from './page.ts'

export const CHANNELS = ['slack', 'email', 'sms', 'whatsapp'] as const
export type Channel = (typeof CHANNELS)[number]

/** `held`: not before `not_before`. `dropped`: no longer true, or its run was cancelled. */
export const NOTIFICATION_STATUSES = ['pending', 'held', 'sent', 'sandbox', 'failed', 'dropped'] as const

/** How a message ended. */
type NotificationOutcome = 'sent' | 'sandbox' | 'failed' | 'dropped'
/** Notified of how each message ended, for metrics. */
export type Notified = (channel: Channel, outcome: NotificationOutcome) => void

export const Notification = z
  .object({
    notification_id: z.string(),
    channel: z.string(),
    recipient: z.string(),
    template: z.string(),
    subject_key: z.string(),
    language: z.string(),
    /** Of an email. */
    subject_line: z.string().nullable(),
    body: z.string(),
    status: z.enum(NOTIFICATION_STATUSES),
    provider_id: z.string().nullable(),
    attempts: z.number(),
    last_error: z.string().nullable(),
    flow_run_id: z.string().nullable(),
    subjects: z.array(z.string()),
    created_at: UtcInstant,
    /** Of one that is or was held. */
    not_before: UtcInstant.nullable(),
    sent_at: UtcInstant.nullable(),
  })
  .meta({ id: 'Notification' })
export type Notification = z.infer<typeof Notification>

export const NotificationListQuery = z.object({
  status: several(Notification.shape.status),
  subject: z.string().optional(),
  template: several(z.string()),
  channel: several(z.enum(CHANNELS)),
  q: Search.optional(),
  ...PageQuery.shape,
})
export type NotificationListQuery = z.infer<typeof NotificationListQuery>
export const NotificationList = z
  .object({ notifications: z.array(Notification), ...PageAnswer.shape })
  .meta({ id: 'NotificationList' })
