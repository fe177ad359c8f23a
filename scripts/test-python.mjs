import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** What docs/senders.md shows. */
const PACKAGES = ['aio-pika>=9,<11', 'pika>=1.3,<2']
const FOLDER = join(dirname(dirname(fileURLToPath(import.meta.url))), '.cache', 'python')
const MADE_OF = join(FOLDER, 'made-of.txt')
const PYTHON = join(FOLDER, 'bin', 'python')
const MOST_MS = 90_000

/** The Python that has the packages, if it was made before: its path, or undefined. */
export function findPython() {
  const isCurrent =
    existsSync(PYTHON) && existsSync(MADE_OF) && readFileSync(MADE_OF, 'utf8') === PACKAGES.join('\n')
  return isCurrent ? PYTHON : undefined
}

/**
 * A Python with the packages, as a service for the tests (see test-services.mjs): made once, under .cache, where there
 * is a python3 and pip reaches its packages.
 */
export async function providePython() {
  const service = {
    name: 'Python',
    variable: 'PREFECT_TEST_PYTHON',
    advice: 'install python3 with venv, and let pip reach its index',
    stop: async () => {},
  }
  const found = findPython() ?? ((await make()) ? PYTHON : undefined)
  return { ...service, url: found }
}

async function make() {
  mkdirSync(dirname(FOLDER), { recursive: true })
  if (!(await run('python3', ['-m', 'venv', '--clear', FOLDER]))) return false
  if (!(await run(PYTHON, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES])))
    return false
  writeFileSync(MADE_OF, PACKAGES.join('\n'))
  return true
}

/** Whether it ended well, in time. */
function run(program, args) {
  const child = spawn(program, args, { stdio: 'ignore', timeout: MOST_MS, env: process.env })
  return new Promise((resolve) => {
    child.on('error', () => resolve(false))
    child.on('exit', (code) => resolve(code === 0))
  })
}
