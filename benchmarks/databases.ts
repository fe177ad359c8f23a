import { seedHotel } from '../simulators/hotel/hotel.ts'
import { migrateEverything } from '../src/app/migrations.ts'
import { type Database, openPool } from '../src/platform/postgres/pool.ts'

export interface BenchDatabase {
  url: string
  database: Database
  drop(): Promise<void>
}

/** A new database on the server, migrated, with a hotel in it. */
export async function newDatabase(server: string, name: string): Promise<BenchDatabase> {
  const url = new URL(server)
  url.pathname = `/${name}`
  const admin = openPool({ url: server, max: 2, applicationName: 'bench' })
  const database = openPool({ url: url.href, max: 4, applicationName: 'bench' })
  const drop = async () => {
    await database.close()
    await admin.query(`drop database if exists ${name} with (force)`)
    await admin.close()
  }
  try {
    await admin.query(`create database ${name}`)
    await migrateEverything(database)
    await seedHotel(database)
    return { url: url.href, database, drop }
  } catch (error) {
    await drop()
    throw error
  }
}
