import { addDays, atLocal, localDate } from '../platform/time/local-time.ts'

/** The hotel's own day: it begins at night audit, not at midnight. 'YYYY-MM-DD'. */
export function businessDate(
  at: Date,
  { timezone, nightAuditAt }: { timezone: string; nightAuditAt: string },
): string {
  const date = localDate(at, timezone)
  return at < atLocal(date, nightAuditAt, timezone) ? addDays(date, -1) : date
}
