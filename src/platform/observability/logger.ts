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
    hooks: {
      logMethod(args, method) {
        if (!isSaidAlready(args[0])) method.apply(this, args)
      },
    },
    redact: {
      paths: ['*.authorization', '*.token', '*.secret', '*.password', '*.api_key'],
      censor: '[redacted]',
    },
  }
  return file === undefined ? pino(settings) : pino(settings, pino.destination({ dest: file, sync: true }))
}

/** Whoever meets a full disk would say so, many times a second: `postgres/disk-space.ts` does, once a minute for all. */
function isSaidAlready(fields: unknown): boolean {
  let error: unknown =
    typeof fields === 'object' && fields !== null && 'err' in fields ? fields.err : undefined
  for (; error instanceof Error; error = error.cause) {
    if ((error as { code?: unknown }).code === '53100') return true
  }
  return false
}

/** An error without its cause chain's payloads: name, code, message and stack. */
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) }
  const { name, code, severity } = error as Error & { code?: unknown; severity?: unknown }
  const message = isQuoting(name, code, severity) ? WITHHELD : error.message
  return { name, code, message, stack: error.stack?.replace(error.message, () => message) }
}

const WITHHELD = 'withheld: it may quote what was given'

/** A parser's complaint, and PostgreSQL's of a value, a constraint or a trigger, repeat the data they are about. */
function isQuoting(name: string, code: unknown, severity: unknown): boolean {
  return name === 'SyntaxError' || (severity !== undefined && /^(22|23|P0)/.test(String(code)))
}
