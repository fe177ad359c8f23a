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
  mkdirSync(join(folder, 'src/hotel/rooms'), { recursive: true })
  for (const ending of ['flow', 'tasks']) {
    for (const [name, text] of Object.entries(impure)) {
      writeFileSync(join(folder, `src/hotel/rooms/${name}.${ending}.ts`), `${text}\n`)
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
  expect(told).toMatch(new RegExp(`src/hotel/rooms/${name}\\.flow\\.ts:\\S+ lint/style/noRestrictedGlobals`))
})

it('a task may: its outcome is recorded', () => {
  expect(told).toContain('.flow.ts')
  expect(told).not.toContain('.tasks.ts')
})

const CLOCK = /\bDate\.now\b|\bnew Date\(\s*\)/

it('a task reads the hotel’s clock, not the machine’s', () => {
  for (const bad of ['Date.now()', 'new Date( )']) expect(bad).toMatch(CLOCK)
  expect('new Date(at)').not.toMatch(CLOCK)
  expectNone(CLOCK, /\.tasks\.ts$/)
})

const CLOCK_OR_RANDOM = /\bDate\.now\b|\bMath\.random\b|\bnew Date\(\s*\)|\bperformance\b|\bcrypto\b/

it('a rule of the hotel asks for no clock and no random', () => {
  for (const bad of ['Date.now()', 'Math.random()', 'new Date( )', 'performance.now()'])
    expect(bad).toMatch(CLOCK_OR_RANDOM)
  expect('new Date(at)').not.toMatch(CLOCK_OR_RANDOM)
  // What several subjects share stands beside their folders.
  expectNone(CLOCK_OR_RANDOM, /\.rules\.ts$|^[^/\\]+\.ts$/)
})

function expectNone(what: RegExp, which: RegExp) {
  const files = readdirSync(join(root, 'src/hotel'), { recursive: true, encoding: 'utf8' })
  const sources = files.filter((file) => which.test(file))
  expect(sources.length).toBeGreaterThan(0)
  for (const file of sources) {
    const text = readFileSync(join(root, 'src/hotel', file), 'utf8')
    expect(what.exec(text)?.[0], file).toBeUndefined()
  }
}
