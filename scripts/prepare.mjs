/**
 * Runs before `npm start`, `npm test` and the rest: what a fresh clone or a changed file needs is installed and built,
 * and nothing happens when nothing is to do.
 *
 *   Node version ── node_modules fits package-lock.json? ── dist fits the sources? ── done
 *                        └─ no: npm ci                        └─ no: tsc
 *
 * `--no-build` leaves dist alone. Plain Node: it runs when nothing is installed yet.
 */
import process from 'node:process'
import { buildIsCurrent, runBuild } from './prepare-build.mjs'
import { dependenciesAreCurrent, installDependencies } from './prepare-dependencies.mjs'
import { holdLock } from './prepare-lock.mjs'
import { PreparationError, ROOT } from './prepare-process.mjs'

const OLDEST_NODE = [20, 19]

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return
  throw new PreparationError(
    `Node ${OLDEST_NODE.join('.')} or newer is needed; this is ${process.versions.node}.`,
  )
}

function main() {
  checkNode()
  const withBuild = !process.argv.includes('--no-build')
  const nothingToDo = () => dependenciesAreCurrent(ROOT) && (!withBuild || buildIsCurrent(ROOT))
  if (nothingToDo()) return
  const release = holdLock(ROOT)
  try {
    // Asked again: whoever held the lock before may have done it all.
    if (!dependenciesAreCurrent(ROOT)) installDependencies(ROOT)
    if (withBuild && !buildIsCurrent(ROOT)) runBuild(ROOT)
  } finally {
    release()
  }
}

try {
  main()
} catch (error) {
  console.error(error instanceof PreparationError ? error.message : error)
  process.exitCode = 1
}
