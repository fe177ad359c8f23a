/** What leaves this process about itself: traces, measurements, error reports. Each is on with its own setting. */
import { BadSetting, type Config } from '../config.ts'
import type { WorkerObserver } from '../platform/engine/durable/execution.ts'
import { type ErrorReports, openErrorReports } from '../platform/observability/error-reports.ts'
import type { Logger } from '../platform/observability/logger.ts'
import { type Measurements, openMeasurements } from '../platform/observability/measurements.ts'
import type { Metrics } from '../platform/observability/metrics.ts'
import { startTracing } from '../platform/observability/tracing.ts'
import type { CallObserver } from '../platform/outbound/service-guard.ts'
import { measureWorker, observeCalls, observeTogether, observeWorker, reportFailures } from './observers.ts'
import { VERSION } from './version.ts'

export interface Telemetry {
  worker: WorkerObserver
  /** For the guard of every service that is called. */
  calls: CallObserver
  /** Sends what is left; last of all parts, so that what the others did on their way out is told too. */
  close(): Promise<void>
}

type Kind = 'traces' | 'measurements' | 'error_reports'

/** Loads the vendors' packages that the settings ask for, and no other. Throws BadSetting on a SENTRY_DSN without a key. */
export async function openTelemetry(
  config: Pick<Config, 'OTEL_EXPORTER_OTLP_ENDPOINT' | 'INFLUX_URL' | 'SENTRY_DSN'> & InfluxSettings,
  { metrics, logger }: { metrics: Metrics; logger: Logger },
): Promise<Telemetry> {
  const lost = (kind: Kind) => tellLosses(kind, metrics, logger)
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, INFLUX_URL: url, SENTRY_DSN: dsn } = config
  const closings: (() => Promise<void>)[] = []
  const observers = [observeWorker(metrics)]
  if (endpoint !== undefined) {
    closings.push(await startTracing({ endpoint, version: VERSION, failed: lost('traces') }))
  }
  if (url !== undefined) {
    if (config.INFLUX_TOKEN === undefined) logger.warn(TOKENLESS)
    const measurements = await measure(config, url, lost('measurements'))
    observers.push(measureWorker(measurements))
    closings.push(() => measurements.close())
  }
  if (dsn !== undefined) {
    const reports = await openErrorReports({ dsn, version: VERSION, failed: lost('error_reports') })
    if (reports === undefined) throw new BadSetting('SENTRY_DSN must read https://key@host/project')
    observers.push(reportFailures(reports))
    const leave = reportCrashes(reports, logger)
    closings.push(async () => {
      leave()
      await reports.close()
    })
  }
  return {
    worker: observeTogether(observers),
    calls: observeCalls(metrics),
    close: async () => void (await Promise.all(closings.map((close) => close()))),
  }
}

/** No reason not to start: it may be meant. */
const TOKENLESS =
  'INFLUX_URL is set without INFLUX_TOKEN: InfluxDB refuses measurements without one, VictoriaMetrics needs none'

type InfluxSettings = Pick<Config, 'INFLUX_TOKEN' | 'INFLUX_ORG' | 'INFLUX_BUCKET'>

function measure(settings: InfluxSettings, url: string, failed: () => void): Promise<Measurements> {
  const { INFLUX_TOKEN: token, INFLUX_ORG: org, INFLUX_BUCKET: bucket } = settings
  return openMeasurements({ url, token, org, bucket, failed })
}

/** Every loss is counted; the log says so at the first and then at every hundredth. */
function tellLosses(kind: Kind, metrics: Metrics, logger: Logger): () => void {
  let losses = 0
  return () => {
    metrics.telemetryFailures.inc({ kind })
    if (losses++ % 100 === 0) logger.warn({ kind, losses }, 'telemetry could not be delivered')
  }
}

/** What nobody caught ends the process, as it would without us, but not before it was reported. */
function reportCrashes(reports: ErrorReports, logger: Logger): () => void {
  const crashed = (error: unknown) => {
    const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
    reports.report(error, { code: typeof code === 'string' ? code : 'uncaught' })
    logger.fatal({ err: error }, 'an error that nobody caught')
    void reports.flush().finally(() => process.exit(1))
  }
  process.once('uncaughtException', crashed)
  return () => void process.off('uncaughtException', crashed)
}
