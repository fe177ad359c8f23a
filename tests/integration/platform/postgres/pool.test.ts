import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../../../src/platform/postgres/pool.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { eventually } from '../../../support/eventually.ts'

let place: TestDatabase
let database: Database

beforeAll(async () => {
  place = await createTestDatabase({ empty: true, max: 4 })
  database = place.database
})
afterAll(() => place.drop())
beforeEach(async () => {
  await database.query('drop table if exists t')
  await database.query('create table t (id int primary key, name text)')
})

/** Statements this session has prepared by name. */
async function prepared(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ statement: string }>('select statement from pg_prepared_statements')
  return rows.map((row) => row.statement)
}

describe('statements', () => {
  test('every form of call with values is prepared, and gives its rows', async () => {
    const client = await database.pool.connect()
    try {
      expect((await client.query('select $1::int as a', [1])).rows).toEqual([{ a: 1 }])
      expect((await client.query({ text: 'select $1::int as b', values: [2] })).rows).toEqual([{ b: 2 }])
      expect((await client.query({ text: 'select $1::int as c' }, [3])).rows).toEqual([{ c: 3 }])
      const rows = (start: (done: (error: Error | null, result: pg.QueryResult) => void) => void) =>
        new Promise((resolve, reject) =>
          start((error, result) => (error ? reject(error) : resolve(result.rows))),
        )
      expect(await rows((done) => client.query('select $1::int as d', [4], done))).toEqual([{ d: 4 }])
      expect(await rows((done) => client.query({ text: 'select $1::int as e', values: [5] }, done))).toEqual([
        { e: 5 },
      ])
      expect(
        (await client.query({ text: 'select $1::int as f', values: [6], rowMode: 'array' })).rows,
      ).toEqual([[6]])
      expect((await prepared(client)).sort()).toEqual(
        ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `select $1::int as ${name}`),
      )
    } finally {
      client.release()
    }
  })

  test('pool.query, with a promise and with a callback, prepares too', async () => {
    expect((await database.pool.query('select $1::text as x', ['y'])).rows).toEqual([{ x: 'y' }])
    const rows = await new Promise((resolve) => {
      database.pool.query('select $1::text as x', ['z'], (_error, result) => resolve(result.rows))
    })
    expect(rows).toEqual([{ x: 'z' }])
    const client = await database.pool.connect()
    expect(await prepared(client)).toContain('select $1::text as x')
    client.release()
  })

  test('without values, with a name of its own, or with many placeholders it is sent as it is', async () => {
    const client = await database.pool.connect()
    try {
      await client.query('select 1 as nothing_given')
      await client.query('select 1 as empty_given', [])
      await client.query({ name: 'mine', text: 'select $1::int as named', values: [1] })
      const many = Array.from({ length: 17 }, (_, i) => `$${i + 1}::int`).join()
      await client.query(
        `select ${many}`,
        Array.from({ length: 17 }, (_, i) => i),
      )
      const { rows } = await client.query('select name from pg_prepared_statements where statement ~ $1', [
        'nothing_given|empty_given|named|\\$17',
      ])
      expect(rows).toEqual([{ name: 'mine' }])
    } finally {
      client.release()
    }
  })

  test('an error reaches the caller, and the statement can be used again', async () => {
    const insert = () => database.query('insert into t values ($1, $2)', [1, 'a'])
    await insert()
    await expect(insert()).rejects.toMatchObject({ code: '23505' })
    await expect(database.query('select $1::int', ['no number'])).rejects.toMatchObject({ code: '22P02' })
    expect(await database.query('select $1::int as one', [1])).toEqual([{ one: 1 }])
  })

  test('a statement whose result a migration changed fails once at most, then works', async () => {
    const client = await database.pool.connect()
    try {
      await client.query('select * from t where id = $1', [1])
      await client.query('alter table t add column more text')
      await client.query('select * from t where id = $1', [1]).catch(() => {})
      const { fields } = await client.query('select * from t where id = $1', [1])
      expect(fields.map((field) => field.name)).toEqual(['id', 'name', 'more'])
    } finally {
      client.release()
    }
  })

  test('int8 stays text: the engine that shares the pool reads it so', async () => {
    expect(await database.query('select 1::int8 as big')).toEqual([{ big: '1' }])
  })
})

describe('transaction', () => {
  const names = () => database.query('select name from t order by id')

  test('commits what was done and gives the result', async () => {
    const result = await database.transaction(async (sql) => {
      await sql.query('insert into t values ($1, $2)', [1, 'a'])
      expect(await names()).toEqual([]) // others do not see it yet
      return 'done'
    })
    expect(result).toBe('done')
    expect(await names()).toEqual([{ name: 'a' }])
  })

  test('rolls back what was thrown out of, and the connection goes on', async () => {
    const failing = database.transaction(async (sql) => {
      await sql.query('insert into t values ($1, $2)', [1, 'a'])
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await names()).toEqual([])
    expect(database.pool.idleCount).toBe(database.pool.totalCount)
  })

  test('a failed statement that the body swallowed is not taken for a commit', async () => {
    const swallowing = database.transaction(async (sql) => {
      await sql.query('insert into t values (1)')
      await sql.query('select 1 / 0').catch(() => {})
    })
    await expect(swallowing).rejects.toThrow('rolled back')
    expect(await names()).toEqual([])
  })

  test('a connection that broke inside is thrown away, not given to the next', async () => {
    let pid = 0
    const broken = database.transaction(async (sql) => {
      const [row] = await sql.query<{ pid: number }>('select pg_backend_pid() as pid')
      pid = row?.pid ?? 0
      await database.query('select pg_terminate_backend($1)', [pid])
      await sql.query('select 1')
    })
    await expect(broken).rejects.toThrow()
    const seen = await Promise.all(
      Array.from({ length: 4 }, () => database.query<{ pid: number }>('select pg_backend_pid() as pid')),
    )
    expect(seen.flat().map((row) => row.pid)).not.toContain(pid)
  })
})

test('connections that are ended by the server, idle or in use, do not end the process', async () => {
  const held = await database.pool.connect()
  await database.query('select 1')
  const ended = new Promise((resolve) => held.once('end', resolve))
  const admin = await createTestDatabase({ empty: true, max: 2 })
  await admin.database.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
    new URL(place.url).pathname.slice(1),
  ])
  await admin.drop()
  await ended
  held.release()
  await eventually('the pool to notice', () => database.pool.totalCount === 0)
  expect(await database.query('select 1 as one')).toEqual([{ one: 1 }])
})
