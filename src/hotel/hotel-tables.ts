/** Writing to the hotel's own tables, whose columns may be narrower than what an event tells. */
import { GiveUp } from '../platform/engine/errors.ts'

/** What PostgreSQL tells of a value that a table does not take. Its message may name the value: it is not shown. */
interface Refused {
  code?: unknown
  column?: unknown
  constraint?: unknown
}

/** SQLSTATE classes: data exception, integrity constraint violation. */
const REFUSED = /^(22|23)...$/

const WHY: Readonly<Record<string, string>> = {
  '22P02': "an id or a word is not of its column's type",
  '22001': 'a text is longer than its column',
  '22003': "a number is out of its column's range",
}

/** Whether the hotel's table does not take a value, now or ever. */
export function isRefusal(error: unknown): boolean {
  const { code } = error as Refused
  return typeof code === 'string' && REFUSED.test(code)
}

/**
 * What `write` gives. An id such as 'EMP005' where the hotel's ids are numbers, or a name longer than its column, is
 * refused the next time as well.
 * @throws GiveUp `refused_by_hotel_table`
 */
export async function inHotelTable<T>(table: string, write: Promise<T>): Promise<T> {
  try {
    return await write
  } catch (error) {
    const { code, column, constraint } = error as Refused
    if (typeof code !== 'string' || !isRefusal(error)) throw error
    const where = [column, constraint].find((name) => typeof name === 'string') ?? 'the value'
    const why = WHY[code] ?? `it does not allow ${String(where)}`
    throw new GiveUp('refused_by_hotel_table', `The hotel's own table ${table} refuses it: ${why} (${code}).`)
  }
}
