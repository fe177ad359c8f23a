/** A data folder that cannot be used is told in one line, which says why and what to change. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startErrorText } from '../../../../src/app/start-error.ts'
import { createLogger } from '../../../../src/platform/observability/logger.ts'
import { asDataDirError, complaintIn } from '../../../../src/platform/postgres/embedded/embedded-error.ts'
import { startEmbeddedPostgres } from '../../../../src/platform/postgres/embedded/embedded-postgres.ts'

let base: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'prefect-data-'))
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

const started = (dataDir: string) =>
  startEmbeddedPostgres({ dataDir, logger: createLogger('silent') }).then(() => 'it started', startErrorText)

it.each([
  ['is a file', () => join(base, 'file'), /: it is a file \(EEXIST\)/],
  ['lies below a file', () => join(base, 'file', 'below'), /: a part of the path is a file \(ENOTDIR\)/],
])('a folder that %s', async (_, folder, why) => {
  writeFileSync(join(base, 'file'), '')
  const line = await started(folder())
  expect(line).toMatch(
    /^DATA_DIR cannot hold the database: .* Choose another DATA_DIR, or set DATABASE_URL\.$/,
  )
  expect(line).toMatch(why)
})

it.each(['EROFS', 'EACCES', 'ENOSPC'])('%s further down names the file as well', (code) => {
  const error = Object.assign(new Error(code), { code, path: '/data/postgres/lock' })
  expect(startErrorText(asDataDirError(error, '/data/postgres'))).toMatch(
    new RegExp(`^DATA_DIR .*\\(${code}, at /data/postgres/lock\\)`),
  )
})

it('what is no trouble with files stays what it was', () => {
  const error = new TypeError('x is not a function')
  expect(asDataDirError(error, '/data')).toBe(error)
})

it("of what PostgreSQL's programs write, the complaint is told", () => {
  const output = `running bootstrap script ...
2026-11-24 21:46:08.686 UTC [24826] FATAL:  could not extend file "base/1/2691": No space left on device
2026-11-24 21:46:08.686 UTC [24826] HINT:  Check free disk space.
child process exited with exit code 134`
  expect(complaintIn(output)).toBe('could not extend file "base/1/2691": No space left on device')
  expect(complaintIn('initdb: error: invalid locale')).toBe('invalid locale')
  expect(complaintIn('')).toBe('it said nothing')
})
