import { expect, it } from 'vitest'
import { OpenToOthers } from '../../../src/app/access.ts'
import { startErrorText } from '../../../src/app/start-error.ts'
import { BadSetting } from '../../../src/config.ts'
import { EmbeddedPostgresError } from '../../../src/platform/postgres/embedded/embedded-error.ts'
import { MigrationError } from '../../../src/platform/postgres/migration-plan.ts'

const coded = (code: string, message: string) => Object.assign(new Error(message), { code })

it.each([
  ['a setting', new BadSetting('PORT is wrong'), 'PORT is wrong'],
  ['an open door', new OpenToOthers('HOST is 0.0.0.0'), 'HOST is 0.0.0.0'],
  ['a migration', new MigrationError('database_newer', 'This build is older'), 'This build is older'],
  ['the embedded database', new EmbeddedPostgresError('Set DATABASE_URL'), 'Set DATABASE_URL'],
  ['a port in use', coded('EADDRINUSE', 'listen :8004'), 'listen :8004. Set PORT to a free one.'],
  ['no such host', coded('ENOTFOUND', 'getaddrinfo db'), 'getaddrinfo db. Check DATABASE_URL.'],
  ['a wrong password', coded('28P01', 'password failed'), 'password failed. Check DATABASE_URL.'],
  [
    'a missing role',
    coded('28000', 'role "svc" does not exist'),
    'role "svc" does not exist. Create the role or let it in, or check DATABASE_URL.',
  ],
  [
    'a port below 1024',
    coded('EACCES', 'listen EACCES: permission denied 0.0.0.0:80'),
    'listen EACCES: permission denied 0.0.0.0:80. Set PORT to 1024 or above, or start with the right to listen below.',
  ],
  ['no such database', coded('3D000', 'no "hotel"'), 'no "hotel". Check DATABASE_URL.'],
])('%s is told in one line', (_what, error, text) => {
  expect(startErrorText(error)).toBe(text)
})

it('a name with two addresses that both refuse is told by the first of them', () => {
  const both = ['connect 127.0.0.1', 'connect ::1'].map((text) => coded('ECONNREFUSED', text))
  const error = Object.assign(new AggregateError(both), { code: 'ECONNREFUSED' })
  expect(startErrorText(error)).toBe(
    'connect 127.0.0.1. Check that the database runs and that DATABASE_URL is right.',
  )
})

it.each([
  ['a bug', new TypeError('x is not a function')],
  ['an error with a code that nobody can mend', coded('42601', 'syntax error')],
])('%s is told with its stack', (_what, error) => {
  expect(startErrorText(error)).toContain(error.message)
  expect(startErrorText(error)).toContain('start-error.test.ts')
})
