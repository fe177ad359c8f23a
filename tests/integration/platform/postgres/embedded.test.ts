import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { isAlive } from '../../../../src/platform/postgres/embedded/process-identity.ts'
import { findServer } from '../../../../src/platform/postgres/embedded/server-process.ts'
import { eventually } from '../../../support/eventually.ts'
import { leave, query, rigForEachTest, root, userScript } from './embedded-rig.ts'

const rig = rigForEachTest()
const cluster = () => rig().cluster()
const start = () => rig().start()

describe('one process', () => {
  test('a cold start makes a database; a warm one finds its data, port and password again', async () => {
    const cold = await start()
    expect(cold.adopted).toBe(false)
    await query(cold.url, "create table guests as select 'Nguyễn' as name")
    const [settings] = await query(
      cold.url,
      "select current_setting('server_encoding') as encoding, current_setting('listen_addresses') as listen, current_setting('jit') as jit, current_database() as name",
    )
    expect(settings).toEqual({ encoding: 'UTF8', listen: '127.0.0.1', jit: 'off', name: 'prefect' })
    await cold.stop()

    const warm = await start()
    expect(warm).toMatchObject({ adopted: false, url: cold.url })
    expect(await query(warm.url, 'select name from guests')).toEqual([{ name: 'Nguyễn' }])
  })

  test('keeps fsync on unless it is told that the data may be lost', async () => {
    const durable = await rig().start({ durable: true })
    expect(await query(durable.url, 'show fsync')).toEqual([{ fsync: 'on' }])
    expect(await query(durable.url, 'show synchronous_commit')).toEqual([{ synchronous_commit: 'on' }])
  })

  test('refuses a wrong password, and keeps the right one in a private file', async () => {
    const server = await start()
    const wrong = new URL(server.url)
    wrong.password = 'wrong'
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
    expect(statSync(join(dirname(cluster()), 'settings.json')).mode & 0o777).toBe(0o600)
  })

  test('stop ends the server and everybody who is connected', async () => {
    const server = await start()
    const pid = findServer(cluster())?.pid ?? 0
    const client = new pg.Client({ connectionString: server.url })
    client.on('error', () => {})
    await client.connect()
    await server.stop()
    expect(isAlive(pid)).toBe(false)
    await expect(query(server.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await server.stop() // again: nothing happens
  })

  test('takes another port when its own is taken meanwhile', async () => {
    const first = await start()
    await first.stop()
    const port = Number(new URL(first.url).port)
    const intruder = createServer().listen({ host: '127.0.0.1', port })
    await once(intruder, 'listening')
    try {
      const second = await start()
      expect(Number(new URL(second.url).port)).not.toBe(port)
      expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
    } finally {
      intruder.close()
    }
  })

  test('a postmaster.pid whose process id now belongs to somebody else does not block the start', async () => {
    const first = await start()
    const server = findServer(cluster())
    if (server === undefined) throw new Error('not running')
    const stale = readFileSync(join(cluster(), 'postmaster.pid'), 'utf8')
    await query(first.url, 'create table kept as select 1 as id')
    await query(first.url, 'checkpoint')
    process.kill(server.pid, 'SIGKILL')
    await eventually('the server to end', () => !isAlive(server.pid))
    // As after a restart of the machine: the same file, the id now another process's of the same account. (PostgreSQL
    // sees through its own parent and through other accounts' processes by itself.)
    const { uid, gid } = statSync(cluster())
    const stranger = spawn('sleep', ['600'], process.getuid?.() === 0 ? { uid, gid } : {})
    rig().keep(stranger)
    await once(stranger, 'spawn')
    writeFileSync(join(cluster(), 'postmaster.pid'), stale.replace(/^\d+/, String(stranger.pid)))
    const second = await start()
    expect(second.adopted).toBe(false)
    expect(await query(second.url, 'select id from kept')).toEqual([{ id: 1 }])
  })

  test('data of another major version is refused by name, and left as it is', async () => {
    await (await start()).stop()
    const version = readFileSync(join(cluster(), 'PG_VERSION'), 'utf8').trim()
    writeFileSync(join(cluster(), 'PG_VERSION'), '12\n')
    await expect(start()).rejects.toThrow(
      `was made by PostgreSQL 12, and this build brings PostgreSQL ${version}`,
    )
    writeFileSync(join(cluster(), 'PG_VERSION'), `${version}\n`)
    await start()
  })

  test('a start that was killed half way leaves nothing in the way', async () => {
    mkdirSync(join(rig().dataDir, 'new-cluster', 'base'), { recursive: true })
    writeFileSync(
      join(rig().dataDir, 'lock'),
      JSON.stringify({ pid: 2147483646, started: 'long ago', token: 'dead' }),
    )
    const server = await start()
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(existsSync(join(rig().dataDir, 'new-cluster'))).toBe(false)
  })
})

describe('several processes', () => {
  test('a server whose process was killed is adopted with its data, and stopped by the one who adopted it', async () => {
    const user = await rig().spawnUser()
    expect(user.adopted).toBe(false)
    user.child.kill('SIGKILL')
    await once(user.child, 'exit')
    const pid = findServer(cluster())?.pid ?? 0
    expect(isAlive(pid)).toBe(true)

    const server = await start()
    expect(server).toMatchObject({ adopted: true, url: user.url })
    expect(await query(server.url, 'select count(*)::int as n from visits')).toEqual([{ n: 0 }])
    await server.stop()
    expect(isAlive(pid)).toBe(false)
  })

  test('the signal of Ctrl-C to the whole group does not reach the server', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', userScript, rig().dataDir], {
      cwd: root,
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true, // a group of its own, as a terminal gives each command
    })
    rig().keep(child)
    if (child.stdout === null || child.pid === undefined) throw new Error('not started')
    await once(child.stdout, 'data')
    process.kill(-child.pid, 'SIGINT')
    await once(child, 'exit')
    const server = await start()
    expect(server.adopted).toBe(true)
  })

  test('two processes share one server; the last one out stops it', async () => {
    const first = await rig().spawnUser()
    const second = await start()
    expect(second).toMatchObject({ adopted: true, url: first.url })
    await leave(first) // the one who started it goes first
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
    await second.stop()
    expect(findServer(cluster())).toBeUndefined()
  })

  test('started at the same instant, one makes the database and all use it', async () => {
    const users = await Promise.all([rig().spawnUser(), rig().spawnUser(), rig().spawnUser()])
    expect(new Set(users.map((user) => user.url)).size).toBe(1)
    expect(users.filter((user) => !user.adopted)).toHaveLength(1)
    for (const user of users) await leave(user)
    expect(findServer(cluster())).toBeUndefined()
    expect(readdirSync(join(dirname(cluster()), 'users'))).toEqual([])
  })
})
