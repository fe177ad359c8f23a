import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

interface LockedPackage {
  version?: string
  resolved?: string
  optionalDependencies?: Record<string, string>
}
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, LockedPackage>
}

/**
 * npm leaves out what the registry it talked to did not offer for other platforms, and then refuses its own lock file
 * (`npm ci`: "Missing: ... from lock file").
 */
it('names the optional packages of every platform, so that npm ci works on all of them', () => {
  const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) =>
        !(`${path}/node_modules/${name}` in lock.packages) && !(`node_modules/${name}` in lock.packages),
    ),
  )
  expect(missing).toEqual([])
})

it('ties nobody to the registry it was written with', () => {
  const tied = Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined)
  expect(tied).toEqual([])
})
