import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { tidyDocument } from '../openapi-document.ts'

/** Collects the routes that are registered after it. `version`: the service's, shown in the document. */
export async function addOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Prefect Service',
        version,
        description:
          'Workflow orchestration for a hotel. Times are ISO 8601; without an offset they are read on the hotel clock. ' +
          'Errors are RFC 9457 problems. A repeated idempotency key is answered as the first time.',
      },
      tags: [
        { name: 'Workflows', description: 'Start, follow and steer runs' },
        { name: 'Events', description: 'What happened in the hotel, and the audit trail of it' },
        { name: 'Notifications', description: 'Messages to people' },
        { name: 'Stream', description: 'Changes as they happen' },
        { name: 'Health', description: 'Is it alive, can it work, what did it do' },
      ],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An API key' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        },
      },
      security: [{ bearer: [] }, { apiKey: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => tidyDocument(jsonSchemaTransformObject(document)),
  })
}

/** `/openapi.json` and the page that shows it, `/docs`, with its scripts from this service alone. */
export async function addDocs(app: FastifyInstance): Promise<void> {
  app.get('/openapi.json', { config: { scope: 'read' }, schema: { hide: true } }, async () => app.swagger())
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    theme: {
      title: 'Prefect Service',
      css: [{ filename: 'service.css', content: '.topbar { display: none }' }],
    },
    staticCSP: {
      'default-src': ["'self'"],
      'script-src': ["'self'"],
      // The page sets widths and heights on its elements.
      'style-src': ["'self'", "'unsafe-inline'"],
      'img-src': ["'self'", 'data:'],
      'frame-ancestors': ["'none'"],
    },
  })
}
