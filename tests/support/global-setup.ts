/** One PostgreSQL per test run, with a template database that has the engine's schema and all migrations. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { ensureEngineSchema } from '../../src/platform/engine/durable/schema.ts'
import { createLogger } from '../../src/platform/observability/logger.ts'
import { startEmbeddedPostgres } from '../../src/platform/postgres/embedded/embedded-postgres.ts'
import { isAlive } from '../../src/platform/postgres/embedded/process-identity.ts'
import { findServer } from '../../src/platform/postgres/embedded/server-process.ts'
import { migrate } from '../../src/platform/postgres/migrate.ts'
import { openPool } from '../../src/platform/postgres/pool.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's url on the test server; its database is not for tests, see `createTestDatabase`. */
    postgresUrl: string
    /** The database to copy. */
    postgresTemplate: string
  }
}

interface TestServer {
  url: string
  template: string
  stop(): Promise<void>
}

/** Each vitest project loads this module anew, in one process: what they share is kept on the process. */
const shared = globalThis as { prefectTestServer?: { server: Promise<TestServer>; projects: number } }

const FOLDER = 'prefect-tests-'

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.prefectTestServer ??= { server: startTestServer(), projects: 0 }
  const mine = shared.prefectTestServer
  mine.projects += 1
  const { url, template, stop } = await mine.server
  project.provide('postgresUrl', url)
  project.provide('postgresTemplate', template)
  return async () => {
    mine.projects -= 1
    if (mine.projects > 0) return
    delete shared.prefectTestServer
    await stop()
  }
}

async function startTestServer(): Promise<TestServer> {
  const given = process.env.TEST_DATABASE_URL
  const { url, stop } =
    given === undefined || given === '' ? await startOwn() : { url: given, stop: async () => {} }
  const template = `template_prefect_${process.pid}`
  await admin(url, `drop database if exists ${template}`)
  await admin(url, `create database ${template}`)
  const templateUrl = new URL(url)
  templateUrl.pathname = `/${template}`
  const database = openPool({ url: templateUrl.href, max: 2, applicationName: 'prefect-tests' })
  await migrate(database, { before: ensureEngineSchema })
  await database.close()
  return {
    url,
    template,
    stop: async () => {
      await admin(url, `drop database if exists ${template} with (force)`)
      await stop()
    },
  }
}

async function startOwn(): Promise<{ url: string; stop(): Promise<void> }> {
  removeLeftovers()
  const dataDir = mkdtempSync(join(tmpdir(), `${FOLDER}${process.pid}-`))
  const server = await startEmbeddedPostgres({ dataDir, logger: createLogger('warn'), durable: false })
  return {
    url: server.url,
    stop: async () => {
      await server.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** A run that was killed leaves its server behind, which by design survives. Nobody will come back for it. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${FOLDER}(\\d+)-`).exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    const folder = join(tmpdir(), name)
    try {
      const server = findServer(join(folder, 'cluster'))
      if (server !== undefined) process.kill(server.pid, 'SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    } catch {
      // Another account's, or still going down: the next run finds it again.
    }
  }
}

async function admin(url: string, statement: string): Promise<void> {
  const database = openPool({ url, max: 2, applicationName: 'prefect-tests' })
  try {
    await database.query(statement)
  } finally {
    await database.close()
  }
}
