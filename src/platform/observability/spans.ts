/**
 * Spans, by the OpenTelemetry API alone: where no SDK is started (tracing.ts) every one of these does nothing.
 * Names and attributes are names of flows, tasks, routes and services, and ids; never people or what they wrote.
 */
import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
} as const

export interface SpanAbout {
  name: string
  /** Default `internal`. */
  kind?: keyof typeof KINDS
  attributes?: Attributes
  /** What it belongs to, as a W3C trace context; undefined in it: a trace of its own. Without this: what goes on here. */
  within?: { traceparent: string | undefined }
  /** Epoch milliseconds. Default now. */
  startedAt?: number
}

export interface OpenSpan {
  /** Somebody keeps it: with no SDK nobody does. */
  readonly kept: boolean
  /** Calls `act`; spans opened in it and in what it waits for belong to this one. */
  run<T>(act: () => T): T
  set(attributes: Attributes): void
  /** With a code it ends as an error. */
  end(code?: string): void
}

const tracer = trace.getTracer('prefect-service')

export function openSpan(about: SpanAbout): OpenSpan {
  const { name, kind = 'internal', attributes = {}, within, startedAt } = about
  const outer = within ? contextOf(within.traceparent) : context.active()
  const settings = {
    kind: KINDS[kind],
    attributes,
    ...(startedAt === undefined ? {} : { startTime: startedAt }),
  }
  const span = tracer.startSpan(name, settings, outer)
  const inner = trace.setSpan(outer, span)
  return {
    kept: span.isRecording(),
    run: (act) => context.with(inner, act),
    set: (attributes) => void span.setAttributes(attributes),
    end(code) {
      if (code !== undefined) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: code }).setAttribute('error.type', code)
      }
      span.end()
    },
  }
}

/**
 * One span around `act`. Of what it throws the span has the code only: a message may hold what is private.
 * `abandoned` resolves when nobody waits for `act` any more: it may never end.
 */
export async function inSpan<T>(
  about: SpanAbout,
  act: () => Promise<T>,
  abandoned?: () => Promise<void>,
): Promise<T> {
  const span = openSpan(about)
  if (abandoned && span.kept) void abandoned().then(() => span.end('abandoned'))
  try {
    const result = await span.run(act)
    span.end()
    return result
  } catch (error) {
    span.end(codeOf(error))
    throw error
  }
}

/** The W3C trace context of what goes on here, to be kept or sent along; undefined where nothing is traced. */
export function currentTraceparent(within: Context = context.active()): string | undefined {
  const span = trace.getSpanContext(within)
  if (span === undefined || !isSpanContextValid(span)) return undefined
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`
}

/** https://www.w3.org/TR/trace-context: later versions may add fields; ff is no version, zeros are no ids. */
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/

/** What is no trace context begins a trace of its own. */
export function contextOf(traceparent: string | undefined, within: Context = ROOT_CONTEXT): Context {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return within
  const traceFlags = Number.parseInt(flags, 16) & 1
  return trace.setSpanContext(within, { traceId, spanId, traceFlags, isRemote: true })
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'error'
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && code !== '' ? code : error.name
}
