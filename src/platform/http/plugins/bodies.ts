/** How bodies are read and checked: JSON only, storable text only, every wrong field named. */
import { promisify } from 'node:util'
import { gunzip, type ZlibOptions } from 'node:zlib'
import type { FastifyInstance, FastifyRequest, FastifySchemaCompiler } from 'fastify'
import { z } from 'zod'
import { readJson } from '../../contract/json-body.ts'
import { fieldErrors } from '../../contract/problem.ts'
import { unstorableFields } from '../../contract/unstorable-text.ts'
import { HttpProblem, invalid } from '../problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The JSON body as it came, for the audit trail. */
    rawText: string | undefined
  }
}

const gunzipped = promisify<Buffer, ZlibOptions, Buffer>(gunzip)
const MOST_DROPPED_BYTES = 128 * 1024 * 1024
/** `application/json`, `application/cloudevents+json`, with or without parameters. */
const JSON_TYPE = /^application\/(?:[\w.!#$&^+-]+\+)?json(?:\s*;|$)/i

/** Call on the root, before any route. */
export function addBodies(app: FastifyInstance): void {
  app.decorateRequest('rawText', undefined)
  app.removeAllContentTypeParsers()
  // Answered without hanging up: what is still on its way is read and dropped, so that a sender who writes to the end
  // sees the answer, not a cut connection. What declares far too much is cut off all the same.
  app.addHook('onRequest', async (request) => {
    const declared = Number(request.headers['content-length'] ?? 0)
    const limit = limitOf(request)
    if (declared > limit && declared <= MOST_DROPPED_BYTES) throw tooLarge()
  })
  app.addContentTypeParser(
    JSON_TYPE,
    { parseAs: 'buffer' },
    async (request: FastifyRequest, sent: Buffer) => {
      const bytes = await inflated(request, sent)
      // Clients that always name a content type send it with no body too.
      if (bytes.length === 0) return undefined
      const read = readJson(bytes)
      request.rawText = read.text
      if ('reason' in read) throw malformed(read.reason)
      return read.value
    },
  )
  app.addHook('preValidation', refuseUnstorableText)
  app.setValidatorCompiler(validate)
  // Rows are answered as they are: a response schema documents, it must never turn a good row into an error.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
}

const limitOf = (request: FastifyRequest) => request.routeOptions.bodyLimit ?? 0
const tooLarge = () => new HttpProblem(413, 'body_too_large', 'The body is too large: send less at once.')
const malformed = (detail: string) => new HttpProblem(400, 'malformed_json', detail)

/** The body without its content encoding, never larger than a body may be. */
async function inflated(request: FastifyRequest, sent: Buffer): Promise<Buffer> {
  const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity'
  if (encoding === 'identity') return sent
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new HttpProblem(
      415,
      'unsupported_media_type',
      'Send the body plain, or with Content-Encoding: gzip.',
      {
        headers: { 'accept-encoding': 'gzip' },
      },
    )
  }
  try {
    return await gunzipped(sent, { maxOutputLength: limitOf(request) })
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge()
    request.rawText = sent.toString('utf8')
    throw malformed('The body is not gzip, as its Content-Encoding says, or it ends too early.')
  }
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
