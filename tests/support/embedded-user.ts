/** A process that uses an embedded PostgreSQL: prints `{url, adopted, serverPid}` and stops it when told on stdin. */

import { createLogger } from '../../src/platform/observability/logger.ts'
import { startEmbeddedPostgres } from '../../src/platform/postgres/embedded/embedded-postgres.ts'
import { openPool } from '../../src/platform/postgres/pool.ts'

const [dataDir = ''] = process.argv.slice(2)
const embedded = await startEmbeddedPostgres({ dataDir, logger: createLogger('silent'), durable: false })
const database = openPool({ url: embedded.url, max: 2, applicationName: 'embedded-user' })
await database.query('create table if not exists visits (id int primary key)')
await database.close()
process.stdout.write(`${JSON.stringify({ url: embedded.url, adopted: embedded.adopted })}\n`)

process.stdin.once('data', async () => {
  await embedded.stop()
  process.stdout.write('stopped\n')
  process.exit(0)
})
