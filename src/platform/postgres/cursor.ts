/** Where a page of a list ended, as a text that callers hand back unread: `next_cursor`. */
import { createHash } from 'node:crypto'

/** The last row of a page. `at`: its time as `2025-01-17T08:30:00.123456Z`: a `Date` would lose the microseconds. */
export interface Position {
  at: string
  id: string
}

/** A cursor that was changed on its way, or is not of this list with these filters. */
export class BadCursor extends Error {
  override readonly name = 'BadCursor'
  readonly code = 'invalid_cursor'
}

const AT = /^\d{4,6}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/

/** `filters`: whatever decides which rows there are, in any form that JSON keeps. */
export function writeCursor(filters: unknown, { at, id }: Position): string {
  return Buffer.from(JSON.stringify([fingerprint(filters), at, id])).toString('base64url')
}

/** Throws BadCursor. */
export function readCursor(filters: unknown, cursor: string): Position {
  const [of, at, id] = parse(cursor)
  if (
    typeof of !== 'string' ||
    typeof at !== 'string' ||
    !isTime(at) ||
    typeof id !== 'string' ||
    id.includes('\0')
  ) {
    throw new BadCursor('is not a cursor: send the next_cursor of a page as it is')
  }
  if (of !== fingerprint(filters)) {
    throw new BadCursor(
      'belongs to a list with other filters: send them as they were, or begin without a cursor',
    )
  }
  return { at, id }
}

/** A text of that form that names no time, such as a thirteenth month, is refused here rather than by the database. */
function isTime(at: string): boolean {
  return AT.test(at) && !Number.isNaN(Date.parse(`${at.slice(0, -4)}Z`))
}

function parse(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

function fingerprint(filters: unknown): string {
  return createHash('sha256').update(JSON.stringify(filters)).digest('base64url').slice(0, 8)
}
