import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { BASE } from '../../contract/api.ts'
import { NotificationList, NotificationListQuery } from '../../contract/notification.ts'
import { listNotifications } from '../../notifications/notifications.ts'
import type { Sql } from '../../postgres/sql.ts'
import { answer, problems } from '../documented-answers.ts'

export interface NotificationDeps {
  database: Sql
}

/** The outbox: what was said to whom, and whether it went out. */
export function addNotificationRoutes(app: FastifyInstance, deps: NotificationDeps): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${BASE}/notifications`,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listNotifications',
        summary: 'Messages to people, newest first',
        tags: ['Notifications'],
        querystring: NotificationListQuery,
        response: { 200: answer(NotificationList, 'One page'), ...problems() },
      },
    },
    async ({ query }) => {
      const filter = {
        statuses: query.status,
        templates: query.template,
        channels: query.channel,
        subject: query.subject,
        search: query.q,
      }
      const { notifications, ...rest } = await listNotifications(deps.database, filter, query)
      return { notifications, ...rest, limit: query.limit, offset: query.offset }
    },
  )
}
