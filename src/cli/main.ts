#!/usr/bin/env node
/** The command line. Exit codes: 0 done, 1 it did not work, 2 it was not asked for rightly. */
import { CommanderError } from 'commander'
import { explain } from './command-error.ts'
import { commandLine, NAME } from './command-line.ts'

const WRONG_USE = 2
const LAST_RESORT_MS = 5_000

// Whoever reads our output may have seen enough: "runs | head".
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await commandLine().parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : WRONG_USE
  } else {
    process.stderr.write(`${NAME}: ${explain(error)}\n`)
    process.exitCode = 1
  }
  // A start that failed halfway must not linger on what it had opened.
  setTimeout(() => process.exit(), LAST_RESORT_MS).unref()
}
