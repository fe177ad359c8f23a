import type { Command } from 'commander'
import { withDatabase } from './database-access.ts'
import { loadConfig, loadEnvironment } from './environment.ts'
import { show } from './output.ts'

/** `start`, `worker` and `migrate`: the service itself. Each loads what it needs only when it runs. */
export function addServiceCommands(program: Command): void {
  program
    .command('start')
    .description('run the service; settings come from the environment and .env')
    .action(async () => {
      const { main } = await import('../main.ts')
      await main(loadEnvironment())
    })
  program
    .command('worker')
    .description('run a worker only (ROLES=worker), its probes and metrics on a free port unless PORT is set')
    .action(async () => {
      const { main } = await import('../main.ts')
      await main(loadEnvironment({ ROLES: 'worker', PORT: '0' }))
    })
  program
    .command('migrate')
    .description('bring the database (DATABASE_URL, or the embedded one under DATA_DIR) up to date, and exit')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => {
      const { migrateEverything } = await import('../app/migrations.ts')
      const applied = await withDatabase(loadConfig(), (database) => migrateEverything(database))
      show({ applied }, options, () =>
        applied.length === 0
          ? 'The database is up to date.'
          : applied.map((name) => `Applied ${name}`).join('\n'),
      )
    })
}
