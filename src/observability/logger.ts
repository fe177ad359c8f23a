import { type Logger, type LoggerOptions, pino } from 'pino'

export type { Logger }

/**
 * JSON lines on standard output, or in `file`. What may appear is an allowlist by habit: ids, names of flows, tasks and queues,
 * counts and durations. Never a payload, a guest's name, an address or a secret.
 */
export function createLogger(level: string, file?: string): Logger {
  const settings: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describe },
    redact: {
      paths: ['*.authorization', '*.token', '*.secret', '*.password', '*.api_key'],
      censor: '[redacted]',
    },
  }
  return file === undefined ? pino(settings) : pino(settings, pino.destination({ dest: file, sync: true }))
}

/** An error without its cause chain's payloads: name, code, message and stack. */
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) }
  const { name, message, stack } = error
  return { name, code: (error as { code?: unknown }).code, message, stack }
}
