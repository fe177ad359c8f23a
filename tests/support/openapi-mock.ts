/**
 * A server made from a vendor's own OpenAPI 3.0: requests are held against it, answers are sampled from it. A request
 * that does not fit is answered 400 and kept in `misfits`, and so is an answer a test made up that does not fit.
 */
import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import { sample } from 'openapi-sampler'
import { parse } from 'yaml'
import {
  type ServiceSimulator,
  type SimulatedAnswer,
  type SimulatedRequest,
  startServiceSimulator,
} from '../../simulators/services/service-simulator.ts'

type Json = Record<string, unknown>

/** The answer to a request, given the sampled one. */
export type MockAnswer = (sampled: Json, given: URLSearchParams) => unknown

export interface OpenApiMock extends Pick<ServiceSimulator, 'close'> {
  /** With the path of the document's first server. */
  readonly url: string
  /** What did not fit, in words. */
  readonly misfits: string[]
  /** What was asked, oldest first: query or form. */
  readonly asked: { operation: string; given: Record<string, string> }[]
  /** `operation`: method and path, `GET /getRooms`. Undefined: the sample again. */
  answer(operation: string, answer: MockAnswer | undefined): void
}

interface Parameter {
  name: string
  in: string
  required?: boolean
  schema: Json
}
interface Operation {
  parameters?: Parameter[]
  security?: Record<string, unknown>[]
  requestBody?: { content: Record<string, { schema: Json }> }
  responses: Record<string, { content?: Record<string, { schema: Json }> }>
}
interface Document {
  servers: { url: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Json>; securitySchemes: Record<string, { name: string; in: string }> }
}

interface Checks {
  misfitOf(request: SimulatedRequest): string | undefined
  sampled: Json
  misfitOfAnswer(answer: unknown): string | undefined
}

const DATE = String.raw`\d{4}-\d{2}-\d{2}`
const TIME = String.raw`\d{2}:\d{2}:\d{2}`
const FORM = 'application/x-www-form-urlencoded'

/** `dateTime`: how the vendor writes `format: date-time` in requests, where its prose says otherwise than RFC 3339. */
export async function startOpenApiMock(
  specPath: string,
  { dateTime = new RegExp(`^${DATE}T${TIME}`) }: { dateTime?: RegExp } = {},
): Promise<OpenApiMock> {
  const document = parse(readFileSync(specPath, 'utf8')) as Document
  const checksOf = createChecks(document, dateTime)
  const base = new URL(document.servers[0]?.url ?? '/', 'http://vendor').pathname.replace(/\/$/, '')
  const misfits: string[] = []
  const asked: OpenApiMock['asked'] = []
  const answers = new Map<string, MockAnswer>()

  function handle(request: SimulatedRequest): SimulatedAnswer {
    const operation = `${request.method} ${request.path.replace(base, '')}`
    const checks = checksOf(operation)
    const misfit = checks ? checks.misfitOf(request) : 'is not in the description'
    const given = request.method === 'GET' ? request.query : request.form()
    asked.push({ operation, given: Object.fromEntries(given) })
    if (!checks || misfit) {
      misfits.push(`${operation} ${misfit}`)
      return { status: 400, body: { success: false, message: misfit } }
    }
    const body = answers.get(operation)?.(structuredClone(checks.sampled), given) ?? checks.sampled
    const wrong = checks.misfitOfAnswer(body)
    if (wrong) misfits.push(`the answer to ${operation} ${wrong}`)
    return { body }
  }

  const service = await startServiceSimulator({ handle })
  return {
    url: `${service.url}${base}`,
    misfits,
    asked,
    answer(operation, answer) {
      if (answer) answers.set(operation, answer)
      else answers.delete(operation)
    },
    close: () => service.close(),
  }
}

function createChecks(document: Document, dateTime: RegExp): (operation: string) => Checks | undefined {
  const schemas = { schemas: withNull(document.components.schemas) }
  const formats = { date: new RegExp(`^${DATE}$`), time: new RegExp(`^${TIME}`) }
  const options = { strict: false, allErrors: true, schemas: [{ $id: 'doc', components: schemas }] }
  const ofRequests = new Ajv({
    ...options,
    coerceTypes: true,
    formats: { ...formats, 'date-time': dateTime },
  })
  const ofAnswers = new Ajv({
    ...options,
    formats: { ...formats, 'date-time': new RegExp(`^${DATE}[T ]${TIME}`) },
  })
  const known = new Map<string, Checks>()

  return (operation) => {
    const made = known.get(operation)
    if (made) return made
    const [method = '', path = ''] = operation.split(' ')
    const described = document.paths[path]?.[method.toLowerCase()]
    if (!described) return undefined
    const answer = described.responses['200']?.content?.['application/json']?.schema ?? {}
    const fitsAnswer = ofAnswers.compile(compilable(answer))
    const checks = {
      misfitOf: requestCheck(document, described, ofRequests),
      sampled: sample(answer, {}, document) as Json,
      misfitOfAnswer: (body: unknown) => inWords(fitsAnswer, body),
    }
    known.set(operation, checks)
    return checks
  }
}

function requestCheck(document: Document, described: Operation, ajv: Ajv): Checks['misfitOf'] {
  const form = described.requestBody?.content[FORM]?.schema
  const fits = ajv.compile(
    compilable(form ? strictForm(document, form) : querySchema(described.parameters ?? [])),
  )
  const key = Object.keys(described.security?.[0] ?? {}).flatMap((name) => {
    const scheme = document.components.securitySchemes[name]
    return scheme?.in === 'header' ? [scheme.name] : []
  })[0]
  return (request) => {
    if (key !== undefined && !request.headers[key.toLowerCase()]) return `lacks the header ${key}`
    const type = request.headers['content-type']
    if (form && type?.split(';')[0] !== FORM) return `is sent as ${type}, not as a form`
    if (form && request.query.size > 0) return 'has a query beside its form'
    return inWords(fits, Object.fromEntries(form ? request.form() : request.query))
  }
}

function querySchema(parameters: Parameter[]): Json {
  const inQuery = parameters.filter((parameter) => parameter.in === 'query')
  return {
    type: 'object',
    properties: Object.fromEntries(inQuery.map(({ name, schema }) => [name, schema])),
    required: inQuery.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  }
}

/** This kind of description names no required fields of forms: those that may not be null are. */
function strictForm(document: Document, form: Json): Json {
  const name = String(form.$ref ?? '').replace('#/components/schemas/', '')
  const schema = document.components.schemas[name] ?? form
  const properties = (schema.properties ?? {}) as Record<string, Json>
  const required = Object.keys(properties).filter((field) => properties[field]?.nullable !== true)
  return { type: 'object', properties, required, additionalProperties: false }
}

/** A schema of its own for Ajv: references lead to the document, `nullable` is said the JSON Schema way. */
function compilable(schema: Json): Json {
  const text = JSON.stringify(withNull(schema))
  return JSON.parse(text.replaceAll('"#/components/', '"doc#/components/')) as Json
}

/**
 * OpenAPI 3.0 says `nullable`, which Ajv takes only beside a `type`. And vendors write `oneOf` for "a date or any text",
 * where a date is both: `anyOf` is what they mean.
 */
function withNull<Schema>(schema: Schema): Schema {
  if (Array.isArray(schema)) return schema.map((part) => withNull(part)) as Schema
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).map(([name, part]) => [
    name === 'oneOf' ? 'anyOf' : name,
    withNull(part),
  ])
  const { nullable, ...rest } = Object.fromEntries(entries) as Json
  return (nullable === true ? { anyOf: [rest, { type: 'null' }] } : rest) as Schema
}

function inWords(fits: ValidateFunction, value: unknown): string | undefined {
  if (fits(value)) return undefined
  return (fits.errors ?? [])
    .map(
      ({ instancePath, message, params }) => `${instancePath || 'it'} ${message} ${JSON.stringify(params)}`,
    )
    .join('; ')
}
