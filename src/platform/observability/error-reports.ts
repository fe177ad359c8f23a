/** Reports of what should not have happened, to Sentry. What a report says is put together here, name by name. */
import type { ErrorEvent, StackFrame } from '@sentry/node'

export interface ErrorReportSettings {
  /** `https://key@host/project` */
  dsn: string
  version: string
  /** A report was lost. */
  failed: () => void
}

/** Ids and names only. */
export interface ReportAbout {
  code: string
  runId?: string
  flow?: string
  task?: string
}

export interface ErrorReports {
  /** Of the error itself its class and the places in its stack: its message may hold what is private. Never throws. */
  report(error: unknown, about: ReportAbout): void
  /** Sends what is left, within three seconds. */
  flush(): Promise<void>
  close(): Promise<void>
}

const PATIENCE_MS = 3_000

/**
 * The bare client: none of the SDK's integrations, which watch requests, patch modules and collect what passes by.
 * Undefined: the DSN is none.
 */
export async function openErrorReports(settings: ErrorReportSettings): Promise<ErrorReports | undefined> {
  const { dsn, version, failed } = settings
  const { NodeClient, defaultStackParser, makeNodeTransport } = await import('@sentry/node')
  const client = new NodeClient({
    dsn,
    release: `prefect-service@${version}`,
    transport: makeNodeTransport,
    stackParser: defaultStackParser,
    integrations: [],
    includeServerName: false,
    sendClientReports: false,
    enableRuntimeChannelInjection: false,
    beforeSend: onlyOurs,
  })
  if (client.getDsn() === undefined) return undefined
  client.on('afterSendEvent', (_event, { statusCode = 0 }) => {
    if (statusCode < 200 || statusCode >= 300) failed()
  })
  return {
    report: (error, about) => void client.captureEvent(eventOf(error, about, defaultStackParser)),
    flush: async () => void (await client.flush(PATIENCE_MS)),
    close: async () => void (await client.close(PATIENCE_MS)),
  }
}

type ParseStack = (stack: string) => StackFrame[]

function eventOf(error: unknown, { code, runId, flow, task }: ReportAbout, parse: ParseStack): ErrorEvent {
  const type = error instanceof Error ? error.name : typeof error
  const named = { code, flow, task, run_id: runId }
  return {
    type: undefined,
    level: 'error',
    exception: { values: [{ type, value: code, stacktrace: { frames: framesOf(error, parse) } }] },
    tags: Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)),
    fingerprint: [flow ?? 'process', task ?? '', type, code],
  }
}

/** The lines below the message; a message of several lines is no part of the stack. */
function framesOf(error: unknown, parse: ParseStack): StackFrame[] {
  if (!(error instanceof Error) || error.stack === undefined) return []
  return parse(error.stack.replace(error.message, '')).map((frame) => pick(frame, PLACE))
}

const PLACE = ['function', 'filename', 'lineno', 'colno', 'in_app']
const KEPT = ['event_id', 'timestamp', 'platform', 'release', 'level', 'exception', 'tags', 'fingerprint']

/** What the SDK adds by itself stays here. */
const onlyOurs = (event: ErrorEvent): ErrorEvent => pick(event, KEPT)

function pick<T extends object>(whole: T, names: readonly string[]): T {
  return Object.fromEntries(Object.entries(whole).filter(([name]) => names.includes(name))) as T
}
