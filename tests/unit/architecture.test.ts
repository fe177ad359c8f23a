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
  ['src/contract/a.ts', 'src/domain/target.ts', 'contract-imports'],
  ['src/contract/b.ts', 'node:fs', 'contract-imports'],
  ['src/domain/a.ts', 'src/db/target.ts', 'domain-imports'],
  ['src/domain/b.ts', 'zod', 'domain-imports'],
  ['src/domain/c.ts', 'node:crypto', 'domain-imports'],
  ['src/observability/a.ts', 'src/db/target.ts', 'observability-imports'],
  ['src/db/a.ts', 'src/tasks/target.ts', 'db-imports'],
  ['src/db/b.ts', 'src/integrations/slack/target.ts', 'db-imports'],
  ['src/db/d.ts', 'src/domain/target.ts', 'db-imports'],
  ['src/db/e.ts', 'src/platform/engine/flow.ts', 'db-imports'],
  ['src/engine/a.ts', 'src/db/target.ts', 'engine-core-imports'],
  ['src/engine/b.ts', 'src/engine/dbos/target.ts', 'engine-core-imports'],
  ['src/engine/c.ts', 'src/domain/target.ts', 'engine-core-imports'],
  ['src/engine/dbos/a.ts', 'src/flows/target.ts', 'engine-dbos-imports'],
  ['src/engine/dbos/b.ts', 'src/http/target.ts', 'engine-dbos-imports'],
  ['src/integrations/slack/a.ts', 'src/integrations/pms/target.ts', 'integrations-imports'],
  ['src/integrations/slack/b.ts', 'src/db/target.ts', 'integrations-imports'],
  ['src/tasks/a.ts', 'src/flows/target.ts', 'tasks-imports'],
  ['src/tasks/b.ts', 'src/platform/engine/journal.ts', 'tasks-imports'],
  ['src/tasks/c.ts', 'fastify', 'tasks-imports'],
  ['src/tasks/d.ts', 'node:fs', 'tasks-imports'],
  ['src/flows/a.ts', 'src/db/target.ts', 'flows-imports'],
  ['src/flows/b.ts', 'src/integrations/slack/target.ts', 'flows-imports'],
  ['src/flows/c.ts', 'node:timers', 'flows-imports'],
  ['src/flows/d.ts', 'src/pipelines/target.ts', 'flows-imports'],
  ['src/pipelines/a.ts', 'src/flows/target.ts', 'pipelines-imports'],
  ['src/events/a.ts', 'src/http/target.ts', 'events-imports'],
  ['src/events/b.ts', 'src/flows/target.ts', 'events-imports'],
  ['src/events/c.ts', 'src/engine/dbos/target.ts', 'events-imports'],
  ['src/schedules/a.ts', 'src/events/target.ts', 'schedules-imports'],
  ['src/http/a.ts', 'src/events/target.ts', 'http-imports'],
  ['src/http/b.ts', 'src/tasks/target.ts', 'http-imports'],
  ['src/cli/a.ts', 'src/flows/target.ts', 'cli-imports'],
  ['src/config.ts', 'src/db/target.ts', 'config-imports'],
  ['src/main.ts', 'src/http/target.ts', 'main-imports'],
  ['src/elsewhere/a.ts', 'src/contract/target.ts', 'known-rooms-only'],
  ['src/http/c.ts', 'src/http/index.ts', 'no-barrels'],
  ['src/http/d.ts', '@dbos-inc/dbos-sdk', 'dbos-behind-the-engine'],
  ['simulators/a.ts', '@dbos-inc/dbos-sdk', 'dbos-behind-the-engine'],
  ['src/http/e.ts', 'pg', 'pg-behind-db'],
  ['src/http/j.ts', 'ioredis', 'vendors-behind-integrations'],
  ['src/app/a.ts', '@slack/web-api', 'vendors-behind-integrations'],
  ['src/events/d.ts', 'rabbitmq-client', 'rabbitmq-behind-amqp'],
  ['src/app/b.ts', 'fastify', 'fastify-behind-http'],
  ['src/app/c.ts', '@fastify/helmet', 'fastify-behind-http'],
  ['src/app/d.ts', 'fastify-type-provider-zod', 'fastify-behind-http'],
  ['src/http/f.ts', 'src/config.ts', 'config-from-the-top'],
  ['src/app/e.ts', 'src/cli/target.ts', 'composition-stays-within'],
  ['src/http/g.ts', 'simulators/target.ts', 'service-stands-alone'],
  ['src/db/c.ts', 'tests/support/target.ts', 'service-stands-alone'],
  ['simulators/b.ts', 'tests/support/target.ts', 'simulators-without-tests'],
  ['tests/acceptance/a.test.ts', 'src/contract/target.ts', 'acceptance-is-black-box'],
  ['tests/acceptance/b.test.ts', 'tests/support/through.ts', 'acceptance-reaches-no-source'],
  ['src/http/h.ts', 'nowhere-to-be-found', 'must-resolve'],
  ['src/http/i.ts', 'vitest', 'no-development-packages'],
]

/** The ways down that are meant to be used. */
const allowed: [from: string, to: string][] = [
  ['src/contract/ok.ts', 'zod'],
  ['src/domain/ok.ts', 'src/contract/target.ts'],
  ['src/db/ok.ts', 'pg'],
  ['src/engine/dbos/ok.ts', '@dbos-inc/dbos-sdk'],
  ['src/engine/ok.ts', 'src/platform/engine/flow.ts'],
  ['src/integrations/slack/ok.ts', 'src/platform/engine/errors.ts'],
  ['src/integrations/slack/also-ok.ts', '@slack/web-api'],
  ['src/tasks/also-ok.ts', 'zod'],
  ['src/tasks/ok.ts', 'src/integrations/slack/target.ts'],
  ['src/flows/ok.ts', 'src/tasks/target.ts'],
  ['src/events/ok.ts', 'src/platform/engine/engine.ts'],
  ['src/events/amqp/ok.ts', 'rabbitmq-client'],
  ['src/http/also-ok.ts', 'fastify'],
  ['src/http/ok.ts', 'src/db/target.ts'],
  ['src/cli/ok.ts', 'src/app/ok.ts'],
  ['tests/integration/ok.test.ts', 'src/platform/engine/journal.ts'],
  ['tests/acceptance/ok.test.ts', 'tests/support/target.ts'],
  ['tests/support/through.ts', 'src/contract/target.ts'],
  ['tests/acceptance/also-ok.test.ts', 'tests/support/database.ts'],
  ['tests/support/database.ts', 'src/platform/postgres/pool.ts'],
]

/** Files that import each other: the one rule that takes two. */
const circle = ['src/contract/circle-a.ts', 'src/contract/circle-b.ts'] as const

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

  it.each(forbidden)('%s may not import %s (%s)', (from, _to, rule) => {
    expect(violations).toContain(`${rule}: ${from}`)
  })

  it('lets no circle pass', () => {
    expect(violations).toContain(`no-circles: ${circle[0]}`)
  })

  it.each(allowed)('%s may import %s', (from) => {
    expect(violations.filter((violation) => violation.endsWith(`: ${from}`))).toEqual([])
  })

  it('are all broken once above', () => {
    const tried = new Set([...forbidden.map(([, , rule]) => rule), 'no-circles'])
    expect(configuration.forbidden?.map(({ name }) => name).sort()).toEqual([...tried].sort())
  })
})

const PACKAGES = [
  'zod',
  'pg',
  '@dbos-inc/dbos-sdk',
  '@slack/web-api',
  'ioredis',
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
  for (const [from, to] of imports) {
    const path = to.endsWith('.ts') ? `${'../'.repeat(from.split('/').length - 1)}${to}` : to
    write(
      from,
      `import type { Thing } from '${path.startsWith('src/') ? `./${path}` : path}'\nexport type Own = Thing\n`,
    )
  }
}
