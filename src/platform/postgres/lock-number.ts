import { createHash } from 'node:crypto'

/** PostgreSQL's name of a lock: a signed 64-bit number, the same in every process and build. */
export function lockNumber(name: string): bigint {
  return createHash('sha256').update(name).digest().readBigInt64BE()
}
