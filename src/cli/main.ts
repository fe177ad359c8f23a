#!/usr/bin/env node
/** The command line. Exit codes: 0 done, 1 it did not work, 2 it was not asked for rightly. */
import { Command, CommanderError } from 'commander'
import { VERSION } from '../version.ts'
import { explain } from './command-error.ts'
import { addEventCommands } from './event-commands.ts'
import { addKeyCommands } from './key-commands.ts'
import { addRunCommands } from './run-commands.ts'
import { addServiceCommands } from './service-commands.ts'
import { addTriggerCommand } from './trigger-command.ts'

const NAME = 'prefect-service'
const WRONG_USE = 2
const LAST_RESORT_MS = 5_000

function commandLine(): Command {
  const program = new Command(NAME)
    .description('Durable workflows for a hotel.')
    .version(VERSION)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, `${NAME}: `)) })
    .addHelpText(
      'after',
      `
trigger, runs and events ask the service at PREFECT_SERVICE_URL (default http://127.0.0.1:8004) with the API key in
PREFECT_SERVICE_KEY. keys and migrate work on the database at DATABASE_URL, or the embedded one under DATA_DIR.
All of these are also read from a file named .env.`,
    )
  addServiceCommands(program)
  addTriggerCommand(program)
  addRunCommands(program)
  addEventCommands(program)
  addKeyCommands(program)
  return program
}

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
