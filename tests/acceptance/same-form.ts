/** Holds an answer against an example of the specification, field for field. */
import { expect } from 'vitest'

/** Words that are the same in every answer, by the name of their field. */
const CONSTANT = new Set(['message', 'workflow_triggered', 'new_status', 'state'])
/** Whole in an example by chance. */
const FRACTIONAL = new Set(['duration_seconds', 'estimated_duration_minutes'])
/** Each flow has its own inside. */
const OPEN = new Set(['parameters', 'result'])
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/

/**
 * Fails unless `actual` has every field of `example` with a value of the same form: the type, whole numbers, ids by
 * prefix, instants in UTC with a Z, and constant words letter by letter. Every member of a list is held against the
 * example's first. `more` names fields whose words must be the example's own too.
 */
export function expectSameForm(
  actual: unknown,
  example: unknown,
  more: readonly string[] = [],
  path = 'body',
): void {
  const name = path.split('.').at(-1) ?? ''
  if (Array.isArray(example)) {
    expect(actual, path).toBeInstanceOf(Array)
    expect((actual as unknown[]).length, `${path}: nothing to compare`).toBeGreaterThan(0)
    for (const [index, member] of (actual as unknown[]).entries()) {
      expectSameForm(member, example[0], more, `${path}.${index}`)
    }
  } else if (typeof example === 'object' && example !== null) {
    expect(actual, path).toBeTypeOf('object')
    if (OPEN.has(name)) return
    expect(Object.keys(actual as object), path).toEqual(expect.arrayContaining(Object.keys(example)))
    for (const [field, value] of Object.entries(example)) {
      expectSameForm((actual as Record<string, unknown>)[field], value, more, `${path}.${field}`)
    }
  } else {
    expect(actual, path).toBeTypeOf(typeof example)
    if (typeof example === 'number' && Number.isInteger(example) && !FRACTIONAL.has(name)) {
      expect(Number.isInteger(actual), `${path} is whole`).toBe(true)
    }
    if (typeof example === 'string')
      expectSameText(actual as string, example, path, CONSTANT.has(name) || more.includes(name))
  }
}

function expectSameText(actual: string, example: string, path: string, constant: boolean): void {
  const [prefix] = /^(fr_|evt_|pipe_|sched_)/.exec(example) ?? []
  if (prefix !== undefined) expect(actual, path).toMatch(new RegExp(`^${prefix}\\w{16,}$`))
  if (INSTANT.test(example)) expect(actual, path).toMatch(INSTANT)
  if (constant) expect(actual, path).toBe(example)
}
