import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** The folder of package.json. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** Its message is all a person needs: printed without a stack. */
export class PreparationError extends Error {}

/** Lines; npm explains all its options after an error. */
const LONGEST_OUTPUT = 40

const CAUSES = [
  [/ENOSPC|no space left/i, 'The disk is full.'],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED|network/i,
    'The package registry cannot be reached: is this machine online?',
  ],
  [/EACCES|EPERM|EROFS/, 'This folder cannot be written to.'],
  [
    /EUSAGE|can only install packages when/i,
    'package.json and package-lock.json disagree: run `npm install`.',
  ],
]

/**
 * Runs a command quietly; `{ name, args, shell? }`. Throws a PreparationError with the cause, where it is a known one,
 * and the command's own output when it fails.
 */
export function runQuietly({ what, name, args, shell = false }) {
  const result = spawnSync(name, args, { cwd: ROOT, encoding: 'utf8', shell, maxBuffer: 64 * 1024 * 1024 })
  if (result.status === 0) return
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`.trim()
  const beginning = output.split('\n').slice(0, LONGEST_OUTPUT).join('\n')
  const cause = CAUSES.find(([pattern]) => pattern.test(output))?.[1]
  throw new PreparationError(
    [beginning, `${what} failed.${cause === undefined ? '' : ` ${cause}`}`].join('\n'),
  )
}

/** npm as `{ name, args, shell }`: the very npm that runs this script, where there is one. */
export function npmCommand(args) {
  const own = process.env.npm_execpath
  if (own?.endsWith('npm-cli.js')) return { name: process.execPath, args: [own, ...args], shell: false }
  const windows = process.platform === 'win32'
  // Windows starts .cmd files through a shell only.
  return { name: windows ? 'npm.cmd' : 'npm', args, shell: windows }
}
