/** Whether it says, itself or as its cause, that the database's disk is full: the database is there, and takes nothing. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return (error as { code?: unknown }).code === '53100' || isDiskFull(error.cause)
}

/**
 * Whether an error says that the database is away or overloaded (try again), rather than that the SQL is wrong.
 * SQLSTATE classes 08 connection, 53 resources, 57 operator intervention (but 57014, a cancelled statement), 58 system;
 * and the driver's own connection errors, which carry no SQLSTATE.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string') {
    if (/^(08|53|57|58)...$/.test(code)) return code !== '57014'
    if (/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)/.test(code)) return true
  }
  if (error instanceof AggregateError) return error.errors.some(isOutage)
  return /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/i.test(
    error.message,
  )
}
