import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { BadSetting, likelyMisspellings, readConfig, SETTING_NAMES } from '../../../src/config.ts'

describe('settings', () => {
  test('defaults need nothing, and an empty variable counts as absent', () => {
    expect(readConfig({ DATABASE_URL: '', PORT: '' })).toMatchObject({
      PORT: 8004,
      HOST: '127.0.0.1',
      ROLES: ['api', 'worker', 'consumer', 'scheduler'],
      HOTEL_TIMEZONE: 'Asia/Ho_Chi_Minh',
    })
  })

  test.each([
    ['PORT', 'abc', /^PORT must be a whole number from 0 to 65535 \(it is "abc"\)$/],
    ['PORT', '70000', /^PORT must be a whole number/],
    ['ROLES', 'api,wroker', /^ROLES knows only api, worker, consumer, scheduler, not "wroker"/],
    ['HOTEL_TIMEZONE', 'Hanoi', /^HOTEL_TIMEZONE must be an IANA timezone/],
    ['DATABASE_URL', 'mysql://x', /^DATABASE_URL must be a URL that starts with postgres:\/\//],
    ['ATTENDANCE_MIN_CONFIDENCE', '70', /^ATTENDANCE_MIN_CONFIDENCE must be a number from 0 to 1/],
    ['LOG_LEVEL', 'loud', /^LOG_LEVEL must be one of trace/],
    ['REQUEST_TIMEOUT_SECONDS', '0', /^REQUEST_TIMEOUT_SECONDS must be a whole number from 1 to 3600/],
    ['TRUST_PROXY', '10.0.0.1,proxy', /^TRUST_PROXY must be addresses or networks, for example 10\.0\.0\.5,/],
    ['TRUST_PROXY', '10.0.0.0/33', /^TRUST_PROXY must be addresses or networks/],
    ['API_KEYS', 'cv:short', /^API_KEYS each entry must read name:secret/],
  ])('%s=%s stops the start with one line that names it', (name, value, line) => {
    const read = () => readConfig({ [name]: value })
    expect(read).toThrow(BadSetting)
    expect(read).toThrow(line)
  })

  test('several wrong settings are all named; secrets are not repeated', () => {
    const read = () => readConfig({ PORT: 'x', API_KEYS: 'cv:my-secret', LOG_LEVEL: 'loud' })
    expect(read).toThrow(/PORT .*API_KEYS .*LOG_LEVEL |PORT .*LOG_LEVEL .*API_KEYS |API_KEYS/)
    expect(read).not.toThrow(/my-secret/)
  })

  test('keys in the settings have names, secrets and scopes', () => {
    const { API_KEYS } = readConfig({
      API_KEYS: 'cv:0123456789abcdef:events:write+read, ops:fedcba9876543210',
    })
    expect(API_KEYS).toEqual([
      { name: 'cv', secret: '0123456789abcdef', scopes: ['events:write', 'read'] },
      { name: 'ops', secret: 'fedcba9876543210', scopes: ['admin'] },
    ])
  })

  test('proxies are addresses and networks of either kind', () => {
    const { TRUST_PROXY } = readConfig({ TRUST_PROXY: '10.0.0.5, 10.1.0.0/16,fd00::/8,::1' })
    expect(TRUST_PROXY).toEqual(['10.0.0.5', '10.1.0.0/16', 'fd00::/8', '::1'])
    expect(readConfig({}).TRUST_PROXY).toEqual([])
  })

  test('a likely misspelling is named; ordinary variables are not', () => {
    expect(likelyMisspellings({ DATABSE_URL: 'x', RABITMQ_URL: 'y', HOTEL_TIMZONE: 'z' })).toEqual([
      { name: 'DATABSE_URL', meant: 'DATABASE_URL' },
      { name: 'RABITMQ_URL', meant: 'RABBITMQ_URL' },
      { name: 'HOTEL_TIMZONE', meant: 'HOTEL_TIMEZONE' },
    ])
    const ordinary = { HOME: '', PATH: '', HOSTNAME: '', SHELL: '', USER: '', LANG: '', PWD: '', TERM: '' }
    expect(likelyMisspellings(ordinary)).toEqual([])
  })

  test('.env.example lists every setting and no other', () => {
    const listed = [...readFileSync('.env.example', 'utf8').matchAll(/^([A-Z0-9_]+)=/gm)].map(
      ([, name]) => name,
    )
    expect(listed.toSorted()).toEqual(SETTING_NAMES.toSorted())
  })
})
