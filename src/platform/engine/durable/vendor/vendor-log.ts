import type { Logger } from '../../../observability/logger.ts'

/**
 * The vendor's chatter belongs to debugging, without what it quotes behind a colon. Its errors are the messages of failed
 * flows, which may be private: we report those, with their ids.
 */
export function vendorLog(logger: Logger) {
  const engine = logger.child({ part: 'dbos' })
  const text = (entry: unknown) => (entry instanceof Error ? entry.message : String(entry))
  const brief = (entry: unknown) => text(entry).split(': ', 1)[0]
  return {
    info: (entry: unknown) => engine.debug(brief(entry)),
    debug: (entry: unknown) => engine.trace(brief(entry)),
    // A full disk is reported once a minute for everyone (`postgres/disk-space.ts`).
    warn: (entry: unknown) =>
      /No space left on device/.test(text(entry)) ? engine.trace(text(entry)) : engine.warn(text(entry)),
    error: () => engine.debug('an error'),
  }
}
