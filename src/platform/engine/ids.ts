/** Ids of runs, events and what they open: opaque, lower-case base32, 130 bits. Derived by hash where a repeat must find the first. */
import { createHash, randomBytes } from 'node:crypto'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const LENGTH = 26

/** A new run's id: `fr_` and 130 random bits. */
export function newRunId(): string {
  return `fr_${base32(randomBytes(17))}`
}

/** The same parts, in the same order, always give the same id: `idFrom('anm', key)` begins with `anm_`. */
export function idFrom(prefix: string, ...parts: readonly string[]): string {
  return `${prefix}_${base32(createHash('sha256').update(JSON.stringify(parts)).digest())}`
}

/** A run's id: `runIdFor('run', workflow, key)`. */
export function runIdFor(...parts: readonly string[]): string {
  return idFrom('fr', ...parts)
}

/** How often a run was started anew: from the top, and from which steps on. */
export interface Restarts {
  generation: number
  redoneFrom: readonly number[]
}

/** How often the step was started anew. It keeps the keys and children of each time apart; a step that stays keeps its own. */
export function generationAt({ generation, redoneFrom }: Restarts, step: number): number {
  return generation + redoneFrom.filter((from) => from <= step).length
}

/** The id of the run that a flow's step `step` starts as its child. `generation`: the step's. */
export function childRunId(parentId: string, generation: number, step: number): string {
  return runIdFor('child', parentId, String(generation), String(step))
}

/** The event id of a sender's key, scoped by the event's kind. */
export function eventIdFor(kind: string, key: string): string {
  return idFrom('evt', 'event', kind, key)
}

/**
 * SHA-256 (hex) of a JSON value in canonical form: object members sorted, so that their order does not matter.
 * Members that are `undefined` count as absent, as they do in JSON.
 */
export function bodyHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if ('toJSON' in value && typeof value.toJSON === 'function') return canonicalJson(value.toJSON())
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}

function base32(bytes: Uint8Array): string {
  let text = ''
  let buffer = 0
  let bits = 0
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte
    bits += 8
    while (bits >= 5 && text.length < LENGTH) {
      bits -= 5
      text += ALPHABET[(buffer >>> bits) & 31]
    }
    buffer &= (1 << bits) - 1
    if (text.length === LENGTH) break
  }
  return text
}
