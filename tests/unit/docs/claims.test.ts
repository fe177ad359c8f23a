/** What the documents name must be there: they are read by people who cannot look it up in the code. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { commandLine, NAME } from '../../../src/cli/command-line.ts'
import { SETTING_NAMES } from '../../../src/config.ts'
import { SCOPES } from '../../../src/platform/contract/key.ts'
import { createMetrics } from '../../../src/platform/observability/metrics.ts'

const read = (path: string) => readFileSync(path, 'utf8')
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', ...namesIn('docs'), ...namesIn('docs/decisions')]
const operations = read('docs/operations.md')
const readme = read('README.md')

function namesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => (name.endsWith('.md') ? [join(folder, name)] : []))
}

/** Each match's first group, once. */
function all(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))]
}

it('docs/operations.md names every scope and no other', () => {
  const [, list = ''] = /Scopes: ([^.]+)\./.exec(operations) ?? []
  expect(all(list, /`([^`]+)`/g)).toEqual(SCOPES)
})

it('.env.example names every scope and no other', () => {
  const [, list = ''] = /Scopes: (.+)$/m.exec(read('.env.example')) ?? []
  expect(list.split(', ')).toEqual(SCOPES)
})

/** Of the project, and of the folders that documents name files of. */
const FILES = ['src', 'simulators', 'tests', 'benchmarks', 'docs', 'migrations', 'templates', 'deployments']
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  .concat(readdirSync('.'))

describe.each(DOCUMENTS)('%s', (path) => {
  const text = read(path)

  it('names files that are there', () => {
    for (const name of all(text, /`([\w./-]*\w\.(?:ts|cjs|mjs|md|sql))`/g)) {
      if (/NNNN/.test(name)) continue
      expect(
        FILES.some((file) => file === name || file.endsWith(name.startsWith('.') ? name : `/${name}`)),
        name,
      ).toBe(true)
    }
    for (const link of all(text, /\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      expect(FILES, link).toContain(normalize(join(dirname(path), link)))
    }
  })

  it('names metrics that are there', () => {
    const { registry } = createMetrics()
    for (const name of all(text, /\b(prefect_\w+)[`{]/g)) {
      expect(registry.getSingleMetric(name), name).toBeDefined()
    }
  })

  it('names npm scripts that are there', () => {
    const { scripts } = JSON.parse(read('package.json'))
    const named = all(text, /\bnpm (?:run ([\w:-]+)|start\b|test\b)/g).filter((name) => name !== '')
    for (const name of named) expect(Object.keys(scripts), path).toContain(name)
  })

  it('names commands that are there, with options that they have', () => {
    for (const line of all(text, new RegExp(`\\b(${NAME} [^\`\\n#]+)`, 'g'))) checkCommand(line)
  })

  it('names settings that are there', () => {
    for (const name of all(text, /(?<![\w/$.])([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b/g)) {
      const place = ELSEWHERE[name]
      if (place === undefined) expect(SETTING_NAMES).toContain(name)
      else expect(read(place), place).toContain(name)
    }
  })
})

/** Variables that are no settings of the service, and other words in capitals: with the file that has them. */
const ELSEWHERE: Record<string, string> = {
  PREFECT_SERVICE_URL: 'src/cli/service-client.ts',
  PREFECT_SERVICE_KEY: 'src/cli/service-client.ts',
  REQUIRE_SERVICES: 'scripts/run-tests.mjs',
  DEMO_SPEED: 'simulators/demo.ts',
  MAX_RECOVERY_ATTEMPTS_EXCEEDED: 'src/platform/engine/durable/suspension.ts',
  UPDATE_SCHEMA: 'tests/integration/platform/postgres/schema.test.ts',
  UPDATE_DOCS: 'tests/unit/docs/services.test.ts',
  PRECONDITION_FAILED: 'src/platform/events/amqp/topology.ts',
}

it('README.md lists every command', () => {
  const [row = ''] = /^\| `npx prefect-service --help` \|.*$/m.exec(readme) ?? []
  const listed = all(row, /`([a-z]+)`/g)
  const commands = commandLine().commands.map((command) => command.name())
  expect(listed.toSorted()).toEqual(commands.toSorted())
})

it('the documents say enough of all this for the tests above to mean something', () => {
  expect(all(operations, /`(prefect_\w+)[`{]/g).length).toBeGreaterThanOrEqual(5)
  expect(all(readme, /\bnpm run ([\w:-]+)/g)).toContain('demo')
  expect(operations).toContain(`${NAME} keys create`)
  expect(all(operations, /\b([A-Z]+_[A-Z_]+)\b/g)).toContain('SHUTDOWN_GRACE_SECONDS')
  expect(() => checkCommand(`${NAME} keys make`)).toThrow()
  expect(() => checkCommand(`${NAME} runs --colour`)).toThrow()
})

/** `keys create --name x`: each word that can be a command is one, each option is known to it. */
function checkCommand(line: string): void {
  let command: Command = commandLine()
  let mayNest = true
  for (const word of line.split(/\s+/).slice(1)) {
    if (word.startsWith('--')) {
      const known = [...command.options.map(({ long }) => long), '--help', '--version']
      expect(known, line).toContain(word)
      mayNest = false
    } else if (mayNest && command.commands.length > 0 && /^[a-z]+$/.test(word)) {
      const next = command.commands.find((child) => child.name() === word)
      expect(next, line).toBeDefined()
      command = next ?? command
    } else mayNest = false
  }
}
