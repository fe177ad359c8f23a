/** How bodies are read and checked: JSON only, storable text only, every wrong field named. */
import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest, FastifySchemaCompiler } from 'fastify'
import { z } from 'zod'
import { fieldErrors } from '../../contract/problem.ts'
import { unstorableFields } from '../../contract/unstorable-text.ts'
import { HttpProblem, invalid } from '../problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The JSON body as it came, for the audit trail. */
    rawText: string | undefined
  }
}

/** Call on the root, before any route. */
const MOST_DROPPED_BYTES = 128 * 1024 * 1024

export function addBodies(app: FastifyInstance): void {
  app.decorateRequest('rawText', undefined)
  app.removeAllContentTypeParsers()
  // Answered without hanging up: what is still on its way is read and dropped, so that a sender who writes to the end
  // sees the answer, not a cut connection. What declares far too much is cut off all the same.
  app.addHook('onRequest', async (request) => {
    const declared = Number(request.headers['content-length'] ?? 0)
    const limit = request.routeOptions.bodyLimit ?? app.initialConfig.bodyLimit ?? Number.POSITIVE_INFINITY
    if (declared > limit && declared <= MOST_DROPPED_BYTES) {
      throw new HttpProblem(413, 'body_too_large', 'The body is too large: send less at once.')
    }
  })
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer
    // Clients that always name a content type send it with no body too.
    if (bytes.length === 0) return done(null, undefined)
    request.rawText = bytes.toString('utf8')
    if (!isUtf8(bytes)) return done(new HttpProblem(400, 'malformed_json', 'The body is not UTF-8.'))
    parseJson(request, request.rawText, done)
  })
  app.addHook('preValidation', refuseUnstorableText)
  app.setValidatorCompiler(validate)
  // Rows are answered as they are: a response schema documents, it must never turn a good row into an error.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
}

async function refuseUnstorableText(request: FastifyRequest): Promise<void> {
  const errors = [
    ...unstorableFields(request.params, 'path'),
    ...unstorableFields(request.query, 'query'),
    ...unstorableFields(request.body, 'body'),
  ]
  if (errors.length > 0) throw invalid(errors, 'unstorable_value')
}

const PREFIXES: Record<string, string> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'headers',
}

const validate: FastifySchemaCompiler<unknown> = ({ schema, httpPart }) => {
  if (!(schema instanceof z.ZodType)) throw new Error('A route is described with something other than zod.')
  const prefix = PREFIXES[httpPart ?? 'body'] ?? 'body'
  return (data) => {
    const parsed = schema.safeParse(data)
    return parsed.success ? { value: parsed.data } : { error: invalid(fieldErrors(parsed.error, prefix)) }
  }
}
