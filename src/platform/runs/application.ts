/** The name under which this service keeps its rows in the schema `dbos`: other applications may share the database. */
export const APPLICATION = 'prefect-service'

/** A reserved run waits until then, that is until its parent starts it. Epoch milliseconds, year 9999. */
export const NEVER_MS = 253_402_300_799_000
