/**
 * Parsing and planning dominate this service's short queries, so parameterised ones become named prepared statements.
 * Every way of calling `pg` is kept: (text, values), ({text, values}), with a callback or a promise.
 */
import { createHash } from 'node:crypto'
import pg from 'pg'

/** Each named statement lives on the server, per connection, until the connection ends: so their number is bounded. */
const MAX_STATEMENTS = 300
/** Longer parameter lists belong to generated texts (bulk inserts), which rarely come twice. */
const MAX_PLACEHOLDERS = 16

/** Begins a text that is planned anew each time: its best plan depends on its values, and its form on what was asked. */
export const PLANNED_WITH_VALUES = '/* planned with its values */'

/** The name for each text seen; undefined: the server refused it once, so it stays unnamed. */
const names = new Map<string, string | undefined>()

/**
 * The statement no longer exists, exists already (both behind a pooler), or its result changed shape under it (a
 * migration ran meanwhile). The next try goes unnamed and succeeds.
 */
const UNUSABLE_NAME = new Set(['26000', '42P05', '0A000'])

/**
 * The name a query text is prepared under in this process.
 * @returns undefined when it is to be sent unnamed.
 */
export function statementName(text: string): string | undefined {
  if (text.startsWith(PLANNED_WITH_VALUES)) return undefined
  if (names.has(text)) return names.get(text)
  if (names.size >= MAX_STATEMENTS) return undefined
  if ((text.match(/\$\d+/g)?.length ?? 0) > MAX_PLACEHOLDERS) return undefined
  const name = `p_${createHash('sha1').update(text).digest('base64url').slice(0, 16)}`
  names.set(text, name)
  return name
}

type Callback = (error: unknown, result: unknown) => void
type AnyQuery = (this: pg.Client, config: unknown, values?: unknown, callback?: unknown) => unknown

const plainQuery = pg.Client.prototype.query as unknown as AnyQuery

/** A `pg.Client` that prepares what is worth preparing. Give it to `pg.Pool` as `Client`. */
export class PreparingClient extends pg.Client {}

// Assigned rather than declared: the overloads of `query` cannot be written out without `any`.
Object.defineProperty(PreparingClient.prototype, 'query', {
  configurable: true,
  writable: true,
  value: function query(this: pg.Client, config: unknown, values?: unknown, callback?: unknown): unknown {
    const named = asNamed(config, values)
    if (named === undefined) return plainQuery.call(this, config, values, callback)
    const given = [callback, values, named.callback].find((value) => typeof value === 'function')
    if (given !== undefined) {
      return plainQuery.call(this, named, (error: unknown, result: unknown) => {
        forgetUnusable(named.text, error)
        ;(given as Callback)(error, result)
      })
    }
    const result = plainQuery.call(this, named) as Promise<unknown>
    result.catch((error: unknown) => forgetUnusable(named.text, error))
    return result
  },
})

interface QueryConfig {
  name?: unknown
  text?: unknown
  values?: unknown
  callback?: unknown
}

interface NamedQuery {
  name: string
  text: string
  values: unknown[]
  callback?: unknown
}

function asNamed(config: unknown, values: unknown): NamedQuery | undefined {
  const query: QueryConfig | undefined =
    typeof config === 'string' ? { text: config } : isPlainQuery(config) ? config : undefined
  if (query === undefined || query.name !== undefined) return undefined
  const given = Array.isArray(values) ? values : query.values
  if (!Array.isArray(given) || given.length === 0 || typeof query.text !== 'string') return undefined
  const name = statementName(query.text)
  return name === undefined ? undefined : { ...query, name, text: query.text, values: given }
}

/** Cursors and streams bring their own `submit`, and are left alone. */
function isPlainQuery(config: unknown): config is QueryConfig {
  return typeof config === 'object' && config !== null && !('submit' in config) && !('rows' in config)
}

function forgetUnusable(text: string, error: unknown): void {
  if (UNUSABLE_NAME.has(String((error as { code?: unknown } | null)?.code))) names.set(text, undefined)
}
