import { Command } from 'commander'
import { VERSION } from '../app/version.ts'
import { addDeployCommand } from './deploy-command.ts'
import { addEventCommands } from './event-commands.ts'
import { addInboxCommands } from './inbox-commands.ts'
import { addKeyCommands } from './key-commands.ts'
import { addRetryCommand } from './retry-command.ts'
import { addRunCommands } from './run-commands.ts'
import { addScheduleCommands } from './schedule-commands.ts'
import { addServiceCommands } from './service-commands.ts'
import { addTriggerCommand } from './trigger-command.ts'

export const NAME = 'prefect-service'

/** All commands, not yet run. Wrong use, --help and --version throw CommanderError once it is parsed. */
export function commandLine(): Command {
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
trigger, runs, retry, schedules, inbox and events ask the service at PREFECT_SERVICE_URL (default http://127.0.0.1:8004)
with the API key in PREFECT_SERVICE_KEY. deploy, keys and migrate work on the database at DATABASE_URL, or the embedded one
under DATA_DIR.
All of these are also read from a file named .env.`,
    )
  addServiceCommands(program)
  addTriggerCommand(program)
  addRunCommands(program)
  addRetryCommand(program)
  addEventCommands(program)
  addInboxCommands(program)
  addScheduleCommands(program)
  addDeployCommand(program)
  addKeyCommands(program)
  return program
}
