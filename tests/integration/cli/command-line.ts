import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { ROOT } from '../../support/service-process.ts'

export interface Finished {
  code: number | null
  out: string
  err: string
}

export interface Launched {
  /** Standard output so far. */
  out(): string
  signal(signal: NodeJS.Signals): void
  readonly finished: Promise<Finished>
}

/** Runs the built command line to its end, with nothing of this environment but PATH. */
export function prefectService(args: string[], env: Record<string, string> = {}): Promise<Finished> {
  return launch(args, env, tmpdir()).finished
}

/** Starts it and does not wait; a file named .env in `cwd` is read. */
export function launch(args: string[], env: Record<string, string>, cwd: string): Launched {
  const program = join(ROOT, 'dist/src/cli/main.js')
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  return {
    out: () => out,
    signal: (signal) => void child.kill(signal),
    finished: new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err }))),
  }
}

/** A failure as people are to see it: the exit code, one clear line first, and never a stack. */
export function expectFailure(finished: Finished, code: number, message: RegExp): void {
  expect(finished.err).toMatch(message)
  expect(finished.err).toMatch(/^prefect-service: \S/)
  expect(finished.err).not.toMatch(/^\s+at /m)
  expect(finished).toMatchObject({ code, out: '' })
}
