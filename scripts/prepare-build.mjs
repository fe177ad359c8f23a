import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { installDependencies } from './prepare-dependencies.mjs'
import { PreparationError, runQuietly } from './prepare-process.mjs'

const SOURCES = ['src', 'simulators', 'benchmarks']
const SETTINGS = ['package.json', 'tsconfig.json', 'tsconfig.build.json']
const stampFile = (root) => join(root, 'dist', '.stamp')

/** Whether dist was built from the sources as they are. */
export function buildIsCurrent(root) {
  return existsSync(stampFile(root)) && readFileSync(stampFile(root), 'utf8') === stampNow(root)
}

/** Compiles into an emptied dist, so that nothing of a deleted source stays. */
export function runBuild(root) {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  // A production install has no compiler; the install in turn makes dist buildable again.
  if (!existsSync(compiler)) installDependencies(root)
  console.log('Building…')
  const before = sourceList(root)
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  // Its memory of what it wrote is about the dist that is gone.
  rmSync(join(root, '.cache', 'build.tsbuildinfo'), { force: true })
  runQuietly({ what: 'Building', name: process.execPath, args: [compiler, '-p', 'tsconfig.build.json'] })
  if (!existsSync(join(root, 'dist'))) throw new PreparationError('Building wrote nothing.')
  // The list from before the build: a file saved meanwhile is built next time.
  writeFileSync(stampFile(root), `${before}\n${outputCount(root)}`)
}

function stampNow(root) {
  return `${sourceList(root)}\n${outputCount(root)}`
}

/** Changes with any file's name, size or time. */
function sourceList(root) {
  const files = [...SOURCES.flatMap((folder) => filesUnder(root, folder, '.ts')), ...SETTINGS].sort()
  const hash = createHash('sha256')
  for (const file of files) {
    const { size, mtimeMs } = statSync(join(root, file))
    hash.update(`${file}\0${size}\0${mtimeMs}\n`)
  }
  return `${files.length} files, ${hash.digest('hex')}`
}

function outputCount(root) {
  return `${filesUnder(root, 'dist', '.js').length} built`
}

function filesUnder(root, folder, extension) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith(extension))
    .map((name) => `${folder}/${name}`)
}
