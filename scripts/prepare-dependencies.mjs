import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { npmCommand, runQuietly } from './prepare-process.mjs'

const stampFile = (root) => join(root, 'node_modules', '.prefect-lock')

/**
 * Whether node_modules is what package-lock.json says: by our own stamp, else by npm's list of what it installed
 * (someone ran npm themselves). A production install may lack the development packages.
 */
export function dependenciesAreCurrent(root) {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
  const stamp = createHash('sha256').update(lock).digest('hex')
  if (read(stampFile(root)) === stamp) return true
  const installed = read(join(root, 'node_modules', '.package-lock.json'))
  if (installed === undefined || !fits(JSON.parse(lock).packages, JSON.parse(installed).packages))
    return false
  writeStamp(root, stamp)
  return true
}

/** `npm ci`, without install scripts: none of our packages needs one. */
export function installDependencies(root) {
  console.log('Installing dependencies…')
  // The build needs the development packages, also where NODE_ENV says production.
  const args = ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund']
  runQuietly({ what: 'Installing dependencies', ...npmCommand(args) })
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
  writeStamp(root, createHash('sha256').update(lock).digest('hex'))
}

function fits(wanted, installed) {
  const production = process.env.NODE_ENV === 'production'
  return Object.entries(wanted).every(([path, { version, optional, dev, devOptional }]) => {
    if (path === '' || version === installed[path]?.version) return true
    // Packages of other platforms are in the lock file and never installed here.
    return installed[path] === undefined && (optional || devOptional || (production && dev))
  })
}

function writeStamp(root, stamp) {
  try {
    writeFileSync(stampFile(root), stamp)
  } catch {
    // A read-only installation is compared the long way each time.
  }
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
