/**
 * What PostgreSQL cannot store, found before it gets there: NUL and lone surrogates in any string, and nesting so deep
 * that a recursive reader further on would run out of stack.
 */
import type { FieldError } from './problem.ts'

export const MAX_DEPTH = 64
const UNSTORABLE = /[\0\p{Cs}]/u
const MOST_NAMED = 20
const STRING_OR_BRACKET = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/gs

/** Whether a string holds NUL or half a surrogate pair. */
export function isUnstorable(text: string): boolean {
  return UNSTORABLE.test(text)
}

/** `text` with every character that cannot be stored replaced by U+FFFD. */
export function storable(text: string): string {
  return text.replace(/[\0\p{Cs}]/gu, '\uFFFD')
}

/** `value` as JSON whose every string and name can be stored. */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value)
  if (!/\\u(0000|d[89a-f])/.test(text)) return text
  return JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'string') return storable(member)
    if (member === null || typeof member !== 'object' || Array.isArray(member)) return member
    return Object.fromEntries(Object.entries(member).map(([name, below]) => [storable(name), below]))
  })
}

/** Every wrong place in a parsed JSON value, by path from `prefix`; at most 20 are named. */
export function unstorableFields(value: unknown, prefix: string): FieldError[] {
  // Nearly every request is clean: paths are only put together for one that is not.
  return isClean(value, 0) ? [] : named(value, prefix)
}

function isClean(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return !isUnstorable(value)
  if (value === null || typeof value !== 'object') return true
  if (depth >= MAX_DEPTH) return false
  if (Array.isArray(value)) return value.every((member) => isClean(member, depth + 1))
  return Object.entries(value).every(([name, member]) => !isUnstorable(name) && isClean(member, depth + 1))
}

function named(root: unknown, prefix: string): FieldError[] {
  const errors: FieldError[] = []
  const open: { value: unknown; path: string; depth: number }[] = [{ value: root, path: prefix, depth: 0 }]
  for (let at = open.pop(); at !== undefined && errors.length < MOST_NAMED; at = open.pop()) {
    const { value, path, depth } = at
    if (typeof value === 'string' && isUnstorable(value)) {
      errors.push({ path, message: 'must not contain NUL or a lone surrogate' })
    }
    if (value === null || typeof value !== 'object') continue
    if (depth >= MAX_DEPTH) {
      errors.push(tooDeep(path))
      continue
    }
    for (const [name, member] of Object.entries(value)) {
      const below = `${path}.${storable(name)}`
      if (isUnstorable(name))
        errors.push({ path: below, message: 'must not have NUL or a lone surrogate in its name' })
      open.push({ value: member, path: below, depth: depth + 1 })
    }
  }
  return errors
}

export const tooDeep = (path: string): FieldError => ({
  path,
  message: `must not be nested deeper than ${MAX_DEPTH} levels`,
})

/** Whether a JSON text is nested deeper than can be stored. */
export function isDeep(json: string): boolean {
  let depth = 0
  for (const [found] of json.matchAll(STRING_OR_BRACKET)) {
    if (found === '[' || found === '{') depth += 1
    else if (found === ']' || found === '}') depth -= 1
    if (depth > MAX_DEPTH) return true
  }
  return false
}
