import { expect, test } from 'vitest'
import { statementName } from '../../../../src/platform/postgres/prepared-queries.ts'

test('a text keeps its name; long lists and texts beyond the bound have none', () => {
  const name = statementName('select $1')
  expect(name).toMatch(/^p_[\w-]{16}$/)
  expect(statementName('select $1')).toBe(name)
  const list = (length: number) => `select ${Array.from({ length }, (_, i) => `$${i + 1}`).join()}`
  expect(statementName(list(16))).toBeDefined()
  expect(statementName(list(17))).toBeUndefined()

  const names = Array.from({ length: 400 }, (_, i) => statementName(`select ${i} + $1`))
  expect(new Set(names.filter((each) => each !== undefined)).size).toBe(298)
  expect(statementName('select $1')).toBe(name)
})
