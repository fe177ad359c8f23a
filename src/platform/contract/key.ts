import { z } from 'zod'

/** What an API key may do. `admin` includes all others. */
export const SCOPES = [
  'read',
  'events:write',
  'workflows:write',
  'schedules:write',
  'pipelines:write',
  'admin',
] as const
export type Scope = (typeof SCOPES)[number]
export const Scope = z.enum(SCOPES)

/** Who asks: a key's name and scopes, or everyone on an open loopback service. */
export interface Caller {
  name: string
  scopes: readonly Scope[]
}

/** A key given in the settings, not kept in the database. */
export interface StaticKey {
  name: string
  /** 16 characters or more. */
  secret: string
  scopes: readonly Scope[]
}
