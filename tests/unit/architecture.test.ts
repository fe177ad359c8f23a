import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cruise, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

type Configuration = IFlattenedRuleSet & { options: object }
const configuration = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as Configuration

/** One import each, and the rule that must notice it. */
const forbidden: [from: string, to: string, rule: string][] = [
  ['src/platform/contract/a.ts', 'src/platform/time/target.ts', 'contract-imports'],
  ['src/platform/contract/b.ts', 'node:fs', 'contract-imports'],
  ['src/platform/time/a.ts', 'zod', 'time-imports'],
  ['src/platform/observability/a.ts', 'src/platform/postgres/target.ts', 'observability-imports'],
  ['src/platform/postgres/a.ts', 'src/platform/runs/target.ts', 'postgres-imports'],
  ['src/platform/postgres/b.ts', 'src/platform/engine/flow.ts', 'postgres-imports'],
  ['src/platform/access/a.ts', 'src/platform/runs/target.ts', 'access-imports'],
  ['src/platform/runs/a.ts', 'src/platform/engine/flow.ts', 'runs-imports'],
  ['src/platform/engine/a.ts', 'src/platform/postgres/target.ts', 'engine-core-imports'],
  ['src/platform/engine/b.ts', 'src/platform/engine/durable/target.ts', 'engine-core-imports'],
  ['src/platform/engine/durable/a.ts', 'src/platform/events/target.ts', 'engine-durable-imports'],
  ['src/platform/outbound/a.ts', 'src/platform/postgres/target.ts', 'outbound-imports'],
  ['src/platform/cache/a.ts', 'src/platform/postgres/target.ts', 'cache-imports'],
  ['src/platform/storage/a.ts', 'src/platform/cache/target.ts', 'storage-imports'],
  ['src/platform/channels/slack/a.ts', 'src/platform/channels/sms/target.ts', 'channels-imports'],
  ['src/platform/notifications/a.ts', 'src/platform/events/target.ts', 'notifications-imports'],
  ['src/platform/events/a.ts', 'src/platform/http/target.ts', 'events-imports'],
  ['src/platform/events/b.ts', 'src/platform/engine/durable/target.ts', 'events-imports'],
  ['src/platform/schedules/a.ts', 'src/platform/engine/durable/target.ts', 'schedules-imports'],
  ['src/platform/schedules/b.ts', 'src/platform/http/target.ts', 'schedules-imports'],
  ['src/platform/schedules/timing/a.ts', 'src/platform/postgres/sql.ts', 'schedules-timing-imports'],
  ['src/platform/schedules/timing/b.ts', 'src/platform/schedules/target.ts', 'schedules-timing-imports'],
  ['src/platform/schedules/timing/c.ts', 'zod', 'schedules-timing-imports'],
  ['src/platform/inbox/a.ts', 'src/platform/events/target.ts', 'inbox-imports'],
  ['src/platform/inbox/b.ts', 'src/platform/engine/durable/target.ts', 'inbox-imports'],
  ['src/platform/http/a.ts', 'src/platform/engine/durable/target.ts', 'http-imports'],
  ['src/platform/http/b.ts', 'src/platform/channels/slack/target.ts', 'http-imports'],
  ['src/platform/spelling.ts', 'zod', 'spelling-imports'],
  ['src/platform/settings.ts', 'node:fs', 'platform-settings-imports'],
  ['src/platform/events/c.ts', 'src/hotel/event-kinds.ts', 'platform-knows-no-hotel'],
  ['src/platform/http/c.ts', 'src/hotel/rooms/target.rules.ts', 'platform-knows-no-hotel'],
  ['src/platform/engine/c.ts', 'src/app/target.ts', 'platform-knows-no-hotel'],
  ['src/hotel/rooms/a.event.ts', 'src/hotel/rooms/target.rules.ts', 'event-imports'],
  ['src/hotel/rooms/b.event.ts', 'src/platform/events/intake.ts', 'event-imports'],
  ['src/hotel/rooms/a.parameters.ts', 'src/hotel/rooms/target.tasks.ts', 'parameters-imports'],
  ['src/hotel/rooms/a.signal.ts', 'src/platform/engine/flow.ts', 'signal-imports'],
  ['src/hotel/rooms/a.inbox.ts', 'src/hotel/rooms/target.tasks.ts', 'hotel-inbox-imports'],
  ['src/hotel/rooms/a.rules.ts', 'src/platform/postgres/sql.ts', 'rules-imports'],
  ['src/hotel/rooms/b.rules.ts', 'zod', 'rules-imports'],
  ['src/hotel/rooms/c.rules.ts', 'node:crypto', 'rules-imports'],
  ['src/hotel/rooms/d.rules.ts', 'src/hotel/rooms/target.sql.ts', 'rules-imports'],
  ['src/hotel/rooms/a.sql.ts', 'src/platform/postgres/pool.ts', 'sql-imports'],
  ['src/hotel/rooms/b.sql.ts', 'src/platform/engine/flow.ts', 'sql-imports'],
  ['src/hotel/rooms/a.tasks.ts', 'src/hotel/rooms/target.flow.ts', 'tasks-imports'],
  ['src/hotel/rooms/b.tasks.ts', 'src/platform/engine/journal.ts', 'tasks-imports'],
  ['src/hotel/rooms/c.tasks.ts', 'fastify', 'tasks-imports'],
  ['src/hotel/rooms/d.tasks.ts', 'node:fs', 'tasks-imports'],
  ['src/hotel/rooms/e.tasks.ts', 'src/hotel/services/pms/cloudbeds.ts', 'tasks-imports'],
  ['src/hotel/rooms/a.flow.ts', 'src/hotel/rooms/target.sql.ts', 'flow-imports'],
  ['src/hotel/rooms/b.flow.ts', 'src/hotel/services/pms/property-system.ts', 'flow-imports'],
  ['src/hotel/rooms/c.flow.ts', 'node:timers', 'flow-imports'],
  ['src/hotel/rooms/d.flow.ts', 'src/platform/postgres/sql.ts', 'flow-imports'],
  ['src/hotel/services/ml/a.ts', 'src/hotel/services/pms/target.ts', 'services-imports'],
  ['src/hotel/services/ml/b.ts', 'src/platform/postgres/sql.ts', 'services-imports'],
  ['src/hotel/messages/templates.ts', 'src/platform/postgres/sql.ts', 'templates-imports'],
  ['src/hotel/words.ts', 'src/hotel/deps.ts', 'hotel-shared-pure-imports'],
  ['src/hotel/locks.ts', 'src/platform/postgres/pool.ts', 'hotel-shared-imports'],
  ['src/hotel/messages/a.tasks.ts', 'src/hotel/rooms/target.sql.ts', 'messages-before'],
  ['src/hotel/rooms/f.tasks.ts', 'src/hotel/bookings/target.sql.ts', 'attendance-before'],
  ['src/hotel/housekeeping/a.rules.ts', 'src/hotel/bookings/target.rules.ts', 'housekeeping-before'],
  ['src/hotel/bookings/a.tasks.ts', 'src/hotel/predictions/target.tasks.ts', 'bookings-before'],
  ['src/cli/a.ts', 'src/hotel/rooms/target.flow.ts', 'cli-imports'],
  ['src/config.ts', 'src/platform/postgres/target.ts', 'config-imports'],
  ['src/main.ts', 'src/platform/http/target.ts', 'main-imports'],
  ['src/elsewhere/a.ts', 'src/platform/contract/target.ts', 'known-rooms-only'],
  ['src/platform/elsewhere/a.ts', 'src/platform/contract/target.ts', 'known-rooms-only'],
  ['src/hotel/rooms/a.ts', 'src/hotel/words.ts', 'known-rooms-only'],
  ['src/hotel/spa/a.rules.ts', 'src/hotel/words.ts', 'known-rooms-only'],
  ['src/platform/http/d.ts', 'src/platform/http/index.ts', 'no-barrels'],
  ['src/platform/http/e.ts', '@dbos-inc/dbos-sdk', 'dbos-behind-the-engine'],
  ['simulators/a.ts', '@dbos-inc/dbos-sdk', 'dbos-behind-the-engine'],
  ['src/platform/engine/durable/b.ts', '@dbos-inc/dbos-sdk', 'dbos-behind-the-engine'],
  ['src/platform/http/f.ts', 'pg', 'pg-behind-postgres'],
  ['src/platform/http/g.ts', 'ioredis', 'vendors-behind-adapters'],
  ['src/app/a.ts', '@slack/web-api', 'vendors-behind-adapters'],
  ['src/platform/events/d.ts', 'rabbitmq-client', 'rabbitmq-behind-amqp'],
  ['src/app/b.ts', 'fastify', 'fastify-behind-http'],
  ['src/app/c.ts', '@fastify/helmet', 'fastify-behind-http'],
  ['src/app/d.ts', 'fastify-type-provider-zod', 'fastify-behind-http'],
  ['src/platform/http/h.ts', 'src/config.ts', 'config-from-the-top'],
  ['src/app/e.ts', 'src/cli/target.ts', 'composition-stays-within'],
  ['src/platform/http/i.ts', 'simulators/target.ts', 'service-stands-alone'],
  ['src/platform/postgres/c.ts', 'tests/support/target.ts', 'service-stands-alone'],
  ['simulators/b.ts', 'tests/support/target.ts', 'simulators-without-tests'],
  ['tests/acceptance/a.test.ts', 'src/platform/contract/target.ts', 'acceptance-is-black-box'],
  ['tests/acceptance/b.test.ts', 'tests/support/through.ts', 'acceptance-reaches-no-source'],
  ['src/platform/http/j.ts', 'nowhere-to-be-found', 'must-resolve'],
  ['src/platform/http/k.ts', 'vitest', 'no-development-packages'],
]

/** The ways down that are meant to be used. */
const allowed: [from: string, to: string][] = [
  ['src/platform/contract/ok.ts', 'zod'],
  ['src/platform/postgres/ok.ts', 'pg'],
  ['src/platform/engine/durable/vendor/ok.ts', '@dbos-inc/dbos-sdk'],
  ['src/platform/engine/ok.ts', 'src/platform/engine/flow.ts'],
  ['src/platform/channels/slack/ok.ts', 'src/platform/engine/errors.ts'],
  ['src/platform/channels/slack/also-ok.ts', '@slack/web-api'],
  ['src/platform/events/ok.ts', 'src/platform/engine/engine.ts'],
  ['src/platform/events/amqp/ok.ts', 'rabbitmq-client'],
  ['src/platform/schedules/ok.ts', 'src/platform/engine/engine.ts'],
  ['src/platform/schedules/also-ok.ts', 'src/platform/schedules/timing/target.ts'],
  ['src/platform/schedules/timing/ok.ts', 'src/platform/time/target.ts'],
  ['src/platform/schedules/timing/also-ok.ts', 'croner'],
  ['src/platform/http/again-ok.ts', 'src/platform/schedules/target.ts'],
  ['src/platform/inbox/ok.ts', 'src/platform/runs/target.ts'],
  ['src/platform/http/also-ok.ts', 'fastify'],
  ['src/platform/http/ok.ts', 'src/platform/runs/target.ts'],
  ['src/hotel/rooms/ok.event.ts', 'src/platform/events/define-event.ts'],
  ['src/hotel/rooms/ok.signal.ts', 'src/platform/engine/signal.ts'],
  ['src/hotel/rooms/ok.inbox.ts', 'src/platform/inbox/target.ts'],
  ['src/hotel/rooms/ok.rules.ts', 'src/platform/time/target.ts'],
  ['src/hotel/rooms/ok.sql.ts', 'src/hotel/rooms/target.rules.ts'],
  ['src/hotel/rooms/ok.tasks.ts', 'src/hotel/services/pms/property-system.ts'],
  ['src/hotel/rooms/also-ok.tasks.ts', 'zod'],
  ['src/hotel/rooms/ok.flow.ts', 'src/hotel/bookings/target.flow.ts'],
  ['src/hotel/bookings/ok.tasks.ts', 'src/hotel/rooms/target.tasks.ts'],
  ['src/hotel/services/pms/ok.ts', 'undici'],
  ['src/cli/ok.ts', 'src/app/ok.ts'],
  ['tests/integration/ok.test.ts', 'src/platform/engine/journal.ts'],
  ['tests/acceptance/ok.test.ts', 'tests/support/target.ts'],
  ['tests/support/through.ts', 'src/platform/contract/target.ts'],
  ['tests/acceptance/also-ok.test.ts', 'tests/support/database.ts'],
  ['tests/support/database.ts', 'src/platform/postgres/pool.ts'],
]

/** SQL that calls a rule: an import of values, where all others here are of types. */
const values: [from: string, to: string, rule: string] = [
  'src/hotel/rooms/values.sql.ts',
  'src/hotel/rooms/target.rules.ts',
  'sql-takes-types',
]

/** Files that import each other: the one rule that takes two. */
const circle = ['src/platform/contract/circle-a.ts', 'src/platform/contract/circle-b.ts'] as const

describe('the import rules', () => {
  let folder: string
  let violations: string[]

  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'prefect-architecture-')))
    writeFixtures(folder)
    const { output } = await cruise(
      ['src', 'simulators', 'tests'],
      { ...configuration.options, baseDir: folder, ruleSet: configuration, validate: true },
      { bustTheCache: true },
    )
    violations = (output as ICruiseResult).summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each([...forbidden, values])('%s may not import %s (%s)', (from, _to, rule) => {
    expect(violations).toContain(`${rule}: ${from}`)
  })

  it('lets no circle pass', () => {
    expect(violations).toContain(`no-circles: ${circle[0]}`)
  })

  it.each(allowed)('%s may import %s', (from) => {
    expect(violations.filter((violation) => violation.endsWith(`: ${from}`))).toEqual([])
  })

  it('are all broken once above', () => {
    const tried = new Set([...[...forbidden, values].map(([, , rule]) => rule), 'no-circles'])
    expect(configuration.forbidden?.map(({ name }) => name).sort()).toEqual([...tried].sort())
  })
})

const PACKAGES = [
  'zod',
  'croner',
  'pg',
  '@dbos-inc/dbos-sdk',
  '@slack/web-api',
  'ioredis',
  'undici',
  'rabbitmq-client',
  'fastify',
  '@fastify/helmet',
  'fastify-type-provider-zod',
]

/** A tiny project in the same shape: type-only imports, so that these are seen to count. */
function writeFixtures(folder: string): void {
  const imports = new Map<string, string>()
  for (const [from, to] of [...forbidden, ...allowed]) imports.set(from, to)
  imports.set(circle[0], circle[1]).set(circle[1], circle[0])
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  const dependencies = Object.fromEntries(PACKAGES.map((name) => [name, '1.0.0']))
  write('package.json', JSON.stringify({ dependencies, devDependencies: { vitest: '1.0.0' } }))
  for (const name of [...PACKAGES, 'vitest']) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'main.js' }))
    write(`node_modules/${name}/main.js`, '')
  }
  for (const to of imports.values()) {
    if (to.endsWith('.ts') && !imports.has(to)) write(to, 'export type Thing = string\n')
  }
  write(values[0], "import { thing } from './target.rules.ts'\nexport const own = thing\n")
  for (const [from, to] of imports) {
    const path = to.endsWith('.ts') ? `${'../'.repeat(from.split('/').length - 1)}${to}` : to
    write(
      from,
      `import type { Thing } from '${path.startsWith('src/') ? `./${path}` : path}'\nexport type Own = Thing\n`,
    )
  }
}
