/** Telling processes apart across the reuse of their ids: after a restart of a machine or container, pids repeat. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface ProcessIdentity {
  pid: number
  /** When it started, in whatever form the platform tells; undefined where it does not. */
  started: string | undefined
}

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid) }
}

/** Whether a process of that id runs. A zombie does not: in a container nobody may ever reap it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return statOf(pid)?.state !== 'Z'
}

/** Whether that very process still runs, not merely one of the same id. */
export function isSame(identity: ProcessIdentity): boolean {
  return (
    isAlive(identity.pid) && (identity.started === undefined || identity.started === startOf(identity.pid))
  )
}

function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const ticks = statOf(pid)?.startTicks
    // Ticks count from the boot, so they mean nothing without it.
    return ticks === undefined ? undefined : `${readOr('/proc/sys/kernel/random/boot_id').trim()} ${ticks}`
  }
  if (process.platform === 'win32') return undefined
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { LC_ALL: 'C' },
    }).trim()
  } catch {
    return undefined
  }
}

function statOf(pid: number): { state: string | undefined; startTicks: string | undefined } | undefined {
  if (process.platform !== 'linux') return undefined
  const stat = readOr(`/proc/${pid}/stat`)
  // The second field is the command in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return stat === '' ? undefined : { state: fields[0], startTicks: fields[19] }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
