import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

const POLL_MS = 100
/** Longer than any install: a lock this old was left by a process whose id now belongs to another. */
const OLDEST_MS = 20 * 60 * 1000

/** Waits until no other preparation runs in this folder, then holds its lock file. Returns the release. */
export function holdLock(root) {
  mkdirSync(join(root, '.cache'), { recursive: true })
  const file = join(root, '.cache', 'prepare.lock')
  for (let announced = false; ; announced = true) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      return () => rmSync(file, { force: true })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (isStale(file)) {
      rmSync(file, { force: true })
      continue
    }
    if (!announced) console.log('Waiting for another preparation of this folder…')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS)
  }
}

function isStale(file) {
  try {
    const age = Date.now() - statSync(file).mtimeMs
    const owner = Number(readFileSync(file, 'utf8'))
    // Just created and not written yet: its owner is a moment away.
    if (owner === 0) return age > 5000
    return age > OLDEST_MS || !isAlive(owner)
  } catch {
    // Released meanwhile.
    return false
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
