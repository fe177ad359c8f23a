/** What the import rules cannot see: globals that answer a replay otherwise than the first run. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

const impure: Record<string, string> = {
  clock: 'export const made = Date.now()',
  'new-date': 'export const made = new Date(0)',
  random: 'export const made = Math.random()',
  uuid: 'export const made = crypto.randomUUID()',
  network: "export const made = fetch('http://127.0.0.1')",
  timer: 'export const made = setTimeout(() => {}, 1)',
  interval: 'export const made = setInterval(() => {}, 1)',
  environment: 'export const made = process.env.HOME',
  around: 'export const made = globalThis.Date.now()',
}

let folder: string
let told: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'prefect-purity-'))
  const { vcs: _none, ...rules } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'))
  writeFileSync(join(folder, 'biome.json'), JSON.stringify(rules))
  for (const room of ['src/flows/rooms', 'src/tasks']) {
    mkdirSync(join(folder, room), { recursive: true })
    for (const [name, text] of Object.entries(impure)) {
      writeFileSync(join(folder, room, `${name}.ts`), `${text}\n`)
    }
  }
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const linted = spawnSync(process.execPath, [biome, 'lint', '--max-diagnostics=none', '.'], {
    cwd: folder,
    encoding: 'utf8',
  })
  told = linted.stdout + linted.stderr
}, 30_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it.each(Object.keys(impure))('a flow may not use the %s', (name) => {
  expect(told).toMatch(new RegExp(`src/flows/rooms/${name}\\.ts:\\S+ lint/style/noRestrictedGlobals`))
})

it('a task may: its outcome is recorded', () => {
  expect(told).toContain('src/flows/rooms/')
  expect(told).not.toContain('src/tasks/')
})

const CLOCK = /\bDate\.now\b|\bnew Date\(\s*\)/

it('a task reads the hotel’s clock, not the machine’s', () => {
  for (const bad of ['Date.now()', 'new Date( )']) expect(bad).toMatch(CLOCK)
  expect('new Date(at)').not.toMatch(CLOCK)
  expectNone(CLOCK, 'src/tasks')
})

const CLOCK_OR_RANDOM = /\bDate\.now\b|\bMath\.random\b|\bnew Date\(\s*\)|\bperformance\b|\bcrypto\b/

it('a rule of the hotel asks for no clock and no random', () => {
  for (const bad of ['Date.now()', 'Math.random()', 'new Date( )', 'performance.now()'])
    expect(bad).toMatch(CLOCK_OR_RANDOM)
  expect('new Date(at)').not.toMatch(CLOCK_OR_RANDOM)
  expectNone(CLOCK_OR_RANDOM, 'src/domain')
})

function expectNone(what: RegExp, folder: string) {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  const sources = files.filter((file) => file.endsWith('.ts'))
  expect(sources.length).toBeGreaterThan(0)
  for (const file of sources) {
    const text = readFileSync(join(root, folder, file), 'utf8')
    expect(what.exec(text)?.[0], `${file} in ${folder}`).toBeUndefined()
  }
}
