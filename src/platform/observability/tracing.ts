/** Starts the OpenTelemetry SDK. Imported only where traces are wanted: it costs memory and time at the start. */
import { context, propagation, trace } from '@opentelemetry/api'
import { contextOf, currentTraceparent } from './spans.ts'

export interface TracingSettings {
  /** Base URL of an OTLP/HTTP collector; spans go to `/v1/traces` below it. */
  endpoint: string
  version: string
  /** Spans could not be delivered. They are gone: traces are a courtesy, never waited for. */
  failed: () => void
}

/**
 * From now on spans are kept and sent in batches; at most 2,048 wait, more are dropped. Returns how to stop: what is
 * left is sent within `PATIENCE_MS`. The standard's own variables (OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS)
 * are honoured.
 */
export async function startTracing({
  endpoint,
  version,
  failed,
}: TracingSettings): Promise<() => Promise<void>> {
  const [{ AsyncLocalStorageContextManager }, { OTLPTraceExporter }, { resourceFromAttributes }, sdk] =
    await Promise.all([
      import('@opentelemetry/context-async-hooks'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace-base'),
    ])
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: PATIENCE_MS,
  })
  const deliver = exporter.export.bind(exporter)
  exporter.export = (spans, done) =>
    deliver(spans, (result) => {
      if (result.error !== undefined || result.code !== 0) failed()
      done(result)
    })
  const provider = new sdk.BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'prefect-service', 'service.version': version }),
    spanLimits: { attributeValueLengthLimit: 500 },
    spanProcessors: [
      new sdk.BatchSpanProcessor(exporter, { scheduledDelayMillis: 2_000, exportTimeoutMillis: PATIENCE_MS }),
    ],
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(W3C)
  trace.setGlobalTracerProvider(provider)
  return async () => {
    await provider.shutdown().catch(failed)
    for (const api of [trace, propagation, context]) api.disable()
  }
}

/** Of one try, and of what is left when the service stops. */
const PATIENCE_MS = 5_000

/** As the header `traceparent`, and nothing else: baggage may hold anything. */
const W3C: Parameters<typeof propagation.setGlobalPropagator>[0] = {
  inject(active, carrier, setter) {
    const traceparent = currentTraceparent(active)
    if (traceparent !== undefined) setter.set(carrier, 'traceparent', traceparent)
  },
  extract(active, carrier, getter) {
    const header = getter.get(carrier, 'traceparent')
    return contextOf(Array.isArray(header) ? header[0] : header, active)
  },
  fields: () => ['traceparent'],
}
