import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createLogger } from '../../../../src/platform/observability/logger.ts'

function logged(err: unknown) {
  const folder = mkdtempSync(join(tmpdir(), 'prefect-log-'))
  const file = join(folder, 'log')
  createLogger('info', file).error({ err }, 'something failed')
  const line = readFileSync(file, 'utf8')
  rmSync(folder, { recursive: true })
  return line
}
const fromDatabase = (code: string, message: string) =>
  Object.assign(new Error(message), { severity: 'ERROR', code, detail: 'Key (name)=(Hoa) exists.' })

it.each([
  ['a value that has no such form', fromDatabase('22P02', 'invalid input syntax for type uuid: "Hoa"')],
  ['a trigger of the hotel', fromDatabase('P0001', 'no place for Hoa')],
  ['a parser', new SyntaxError('Unexpected token H, "Hoa" is not valid JSON')],
])('the words of %s are withheld, the place is not', (_, error) => {
  const line = logged(error)
  expect(line).not.toContain('Hoa')
  expect(JSON.parse(line).err).toMatchObject({ message: 'withheld: it may quote what was given' })
  expect(line).toContain('logger.test.ts')
})

it('other errors speak for themselves, without details', () => {
  const line = logged(fromDatabase('42P01', 'relation "rooms" does not exist'))
  expect(JSON.parse(line).err).toMatchObject({ code: '42P01', message: 'relation "rooms" does not exist' })
  expect(line).not.toContain('Hoa')
})
