import { z } from 'zod'
import { PageQuery } from './page.ts'

export const Notification = z
  .object({
    notification_id: z.string(),
    channel: z.string(),
    recipient: z.string(),
    template: z.string(),
    subject_key: z.string(),
    language: z.string(),
    body: z.string(),
    status: z.enum(['pending', 'sent', 'sandbox', 'failed']),
    provider_id: z.string().nullable(),
    attempts: z.number(),
    last_error: z.string().nullable(),
    flow_run_id: z.string().nullable(),
    subjects: z.array(z.string()),
    created_at: z.string(),
    sent_at: z.string().nullable(),
  })
  .meta({ id: 'Notification' })
export type Notification = z.infer<typeof Notification>

export const NotificationListQuery = z.object({
  status: Notification.shape.status.optional(),
  subject: z.string().optional(),
  ...PageQuery.shape,
})
export type NotificationListQuery = z.infer<typeof NotificationListQuery>
export const NotificationList = z
  .object({ notifications: z.array(Notification), total: z.number(), limit: z.number(), offset: z.number() })
  .meta({ id: 'NotificationList' })
