/**
 * How the outcome of a step is kept in dbos.operation_outputs. Column `output`: {"k": kind, "v": value, "p": parts},
 * each part {"n": name, "s": start, "e": end, "err": error}; column `error`: {code, message, task_name}. Names are
 * short because every step of every run has one. Written by the engine, read by the engine and the API.
 */
import { asObject, errorOf, parseJson } from './json.ts'

/** Never rename one: old rows hold it. The engine's own list is checked against it where it packs and unpacks. */
export type StoredKind = 'task' | 'transaction' | 'wait' | 'child' | 'start' | 'now' | 'uuid' | 'undo'

export interface StoredError {
  code: string
  message: string
  task_name?: string
  started?: boolean
}

/** A named part of a transaction. Times in epoch milliseconds. */
export interface StoredPart {
  name: string
  startedAt: number
  endedAt: number
  error?: StoredError
}

/** `value`: any JSON; undefined when there is none, as of a step that failed. */
export interface StoredOutput {
  kind: StoredKind
  value?: unknown
  parts?: StoredPart[]
}

/** The text of the column `output`. */
export function packOutput({ kind, value, parts }: StoredOutput): string {
  return JSON.stringify({
    k: kind,
    v: value,
    p: parts?.map((part) => ({ n: part.name, s: part.startedAt, e: part.endedAt, err: part.error })),
  })
}

/**
 * Undefined: not written by us (the engine has bookkeeping steps of its own). A part that cannot be read is left out;
 * a kind that only a newer build knows is passed on as it is.
 */
export function unpackOutput(text: string | null): StoredOutput | undefined {
  const stored = asObject(parseJson(text))
  if (typeof stored?.k !== 'string') return undefined
  const output: StoredOutput = { kind: stored.k as StoredKind, value: stored.v }
  if (Array.isArray(stored.p)) output.parts = stored.p.flatMap(partOf)
  return output
}

/** The column `error`; undefined: the step did not fail. */
export function unpackError(text: string | null): StoredError | undefined {
  return text === null ? undefined : storedError(parseJson(text))
}

function partOf(value: unknown): StoredPart[] {
  const { n, s, e, err } = asObject(value) ?? {}
  if (typeof n !== 'string' || typeof s !== 'number' || typeof e !== 'number') return []
  const part: StoredPart = { name: n, startedAt: s, endedAt: e }
  if (err !== undefined) part.error = storedError(err)
  return [part]
}

function storedError(value: unknown): StoredError {
  return { ...asObject(value), ...errorOf(value) }
}
