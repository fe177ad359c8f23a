/** API keys: made, listed, revoked and verified. Only the SHA-256 of a secret is ever kept. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Caller, Scope, type StaticKey } from '../contract/key.ts'
import { instantText } from '../postgres/instant-text.ts'
import type { Sql } from '../postgres/sql.ts'

/** How long an answer may be used again: a revocation bites within it. */
const REMEMBER_GOOD_MS = 5_000
const REMEMBER_BAD_MS = 1_000
/** Of each kind of answer; beyond it the oldest is forgotten, so that guesses cannot fill the memory. */
const REMEMBERED = 1_000
const SECRET = /^pk_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/

export interface KeyRecord {
  id: string
  name: string
  scopes: Scope[]
  /** By the clock of the database. Only an active key is let in. */
  state: 'active' | 'expired' | 'revoked'
  created_at: string
  expires_at: string | null
  revoked_at: string | null
  last_used_at: string | null
}

const STATE = `case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'active' end`

/** Makes a key. `secret` is shown once and cannot be read back. */
export async function createKey(
  sql: Sql,
  key: { name: string; scopes: readonly Scope[]; expiresAt?: Date | undefined },
): Promise<{ id: string; secret: string }> {
  const id = randomBytes(6).toString('hex')
  const secret = `pk_${id}_${randomBytes(32).toString('base64url')}`
  await sql.query(
    'insert into prefect.api_keys (id, name, hash, scopes, expires_at) values ($1, $2, $3, $4, $5)',
    [id, key.name, digest(secret).toString('hex'), key.scopes, key.expiresAt ?? null],
  )
  return { id, secret }
}

/** All keys, revoked and expired ones too, newest first. */
export async function listKeys(sql: Sql): Promise<KeyRecord[]> {
  const rows = await sql.query<{
    id: string
    name: string
    scopes: string[]
    state: KeyRecord['state']
    created_at: Date
    expires_at: Date | null
    revoked_at: Date | null
    last_used_at: Date | null
  }>(
    `select id, name, scopes, ${STATE} as state, created_at, expires_at, revoked_at, last_used_at
     from prefect.api_keys order by created_at desc, id`,
  )
  return rows.map((row) => ({
    ...row,
    scopes: knownScopes(row.scopes),
    created_at: instantText(row.created_at),
    expires_at: instantText(row.expires_at),
    revoked_at: instantText(row.revoked_at),
    last_used_at: instantText(row.last_used_at),
  }))
}

/** Whether anyone can be let in by a key of the database. Keys given in the settings are not asked for here. */
export async function hasUsableKey(sql: Sql): Promise<boolean> {
  return (await sql.query(`select from prefect.api_keys where ${STATE} = 'active' limit 1`)).length > 0
}

/** False: no such key, or it was revoked before. Processes that have just used it notice within 5 seconds. */
export async function revokeKey(sql: Sql, id: string): Promise<boolean> {
  const rows = await sql.query(
    'update prefect.api_keys set revoked_at = now() where id = $1 and revoked_at is null returning id',
    [id],
  )
  return rows.length > 0
}

export type Verdict = { caller: Caller } | { refused: 'unknown' | 'expired' | 'revoked' }

export interface KeyStore {
  /** Throws when the database is away and the answer is not remembered. */
  verify(secret: string): Promise<Verdict>
}

/** Keys of the database, and those given in the settings, which need none. */
export function createKeyStore(options: {
  sql: Sql
  staticKeys?: readonly StaticKey[]
  /** Epoch milliseconds. */
  now?: () => number
}): KeyStore {
  const now = options.now ?? Date.now
  const fixed = (options.staticKeys ?? []).map((key) => ({ hash: digest(key.secret), caller: callerOf(key) }))
  const good = remembered<{ caller: Caller; expiresAt: number }>(REMEMBER_GOOD_MS, now)
  const bad = remembered<Verdict>(REMEMBER_BAD_MS, now)

  async function look(hash: string): Promise<Verdict> {
    const found = await findByHash(options.sql, hash)
    if (found === undefined) return { refused: 'unknown' }
    if (found.revoked) return { refused: 'revoked' }
    if (found.expiresAt <= now()) return { refused: 'expired' }
    good.keep(hash, { caller: found.caller, expiresAt: found.expiresAt })
    return { caller: found.caller }
  }

  return {
    async verify(secret) {
      const hash = digest(secret)
      // Every one is compared, in constant time: how long it takes tells nothing of which came near.
      const match = fixed.filter((key) => timingSafeEqual(key.hash, hash))[0]
      if (match) return { caller: match.caller }
      if (!SECRET.test(secret)) return { refused: 'unknown' }
      const id = hash.toString('hex')
      const known = good.find(id)
      if (known) return known.expiresAt > now() ? { caller: known.caller } : { refused: 'expired' }
      const refused = bad.find(id)
      if (refused) return refused
      const verdict = await look(id)
      if ('refused' in verdict) bad.keep(id, verdict)
      return verdict
    },
  }
}

/** Reads the key and notes its use, at most once a minute, in one statement. */
async function findByHash(sql: Sql, hash: string) {
  const [row] = await sql.query<{
    name: string
    scopes: string[]
    expires_at: Date | null
    revoked: boolean
  }>(
    `with used as (
       update prefect.api_keys set last_used_at = now()
       where hash = $1 and revoked_at is null and (last_used_at is null or last_used_at < now() - interval '1 minute'))
     select name, scopes, expires_at, revoked_at is not null as revoked from prefect.api_keys where hash = $1`,
    [hash],
  )
  if (row === undefined) return undefined
  const expiresAt = row.expires_at?.getTime() ?? Number.POSITIVE_INFINITY
  const caller: Caller = { name: row.name, scopes: knownScopes(row.scopes) }
  return { caller, expiresAt, revoked: row.revoked }
}

function remembered<T>(forMs: number, now: () => number) {
  const kept = new Map<string, { value: T; until: number }>()
  return {
    find(key: string): T | undefined {
      const entry = kept.get(key)
      return entry !== undefined && entry.until > now() ? entry.value : undefined
    },
    keep(key: string, value: T): void {
      kept.delete(key)
      kept.set(key, { value, until: now() + forMs })
      for (const oldest of kept.keys()) {
        if (kept.size <= REMEMBERED) break
        kept.delete(oldest)
      }
    },
  }
}

const callerOf = (key: StaticKey): Caller => ({ name: key.name, scopes: key.scopes })
const digest = (secret: string) => createHash('sha256').update(secret).digest()
/** A scope of a newer build is no scope here. */
const knownScopes = (scopes: readonly string[]) =>
  scopes.flatMap((scope) => Scope.safeParse(scope).data ?? [])
