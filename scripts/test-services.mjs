import { spawn } from 'node:child_process'
import { accessSync, closeSync, constants, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { answersAmqp, answersRedis, freePort } from './probe.mjs'

/**
 * A service for the tests: `{ name, variable, url | undefined, advice, stop() }`. It is the one the environment names,
 * else the one on the default port, else an installed server started here, else not available.
 */
export async function provideRabbitMQ(folder) {
  return provide({
    name: 'RabbitMQ',
    variable: 'PREFECT_TEST_RABBITMQ_URL',
    setting: 'RABBITMQ_URL',
    fallback: 'amqp://guest:guest@127.0.0.1:5672',
    program: 'rabbitmq-server',
    answers: answersAmqp,
    start: () => startRabbitMQ(folder),
  })
}

export async function provideRedis(folder) {
  return provide({
    name: 'Redis',
    variable: 'PREFECT_TEST_REDIS_URL',
    setting: 'REDIS_URL',
    fallback: 'redis://127.0.0.1:6379',
    program: 'redis-server',
    answers: answersRedis,
    start: () => startRedis(folder),
  })
}

const nothingToStop = async () => {}

async function provide({ name, variable, setting, fallback, program, answers, start }) {
  const advice = `set ${setting} or install ${program}`
  const given = process.env[setting]
  if (given !== undefined && given !== '') {
    if (await answers(given)) return { name, variable, advice, url: given, stop: nothingToStop }
    return { name, variable, advice: `nothing answers at ${setting}`, url: undefined, stop: nothingToStop }
  }
  if (await answers(fallback)) return { name, variable, advice, url: fallback, stop: nothingToStop }
  const started = await start()
  if (started === undefined) return { name, variable, advice, url: undefined, stop: nothingToStop }
  for (const until = Date.now() + 90_000; Date.now() < until && started.running(); await sleep(200)) {
    if (await answers(started.url)) return { name, variable, advice, url: started.url, stop: started.stop }
  }
  await started.stop()
  console.error(`The installed ${program} did not start; see ${started.log}.`)
  return { name, variable, advice: `${program} did not start`, url: undefined, stop: nothingToStop }
}

/** The program alone, for a test that stops its broker: `url` is its path, and nothing is started. */
export function findRabbitMQ() {
  const advice = 'install rabbitmq-server'
  const variable = 'PREFECT_TEST_RABBITMQ_SERVER'
  return { name: 'rabbitmq-server', variable, advice, url: rabbitMQServer(), stop: nothingToStop }
}

// Debian's wrapper in PATH changes user and folders; the script behind it does neither.
const rabbitMQServer = () => executable('/usr/lib/rabbitmq/bin/rabbitmq-server') ?? onPath('rabbitmq-server')

/**
 * Starts a node of our own: `{ url, running(), stop(), kill(), log }`, or undefined where it is not installed. Started
 * again on the same folder and `port` by the same process, it is the same node with its queues.
 */
export async function startRabbitMQ(folder, { port: wanted } = {}) {
  const program = rabbitMQServer()
  if (program === undefined) return undefined
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, 'enabled_plugins'), '[].\n')
  const port = wanted ?? (await freePort())
  const [distributionPort, epmdPort] = [await freePort(), await freePort()]
  writeFileSync(join(folder, 'rabbitmq.conf'), `listeners.tcp.1 = 127.0.0.1:${port}\n`)
  const env = {
    ...process.env,
    // Erlang keeps its cookie in the home folder.
    HOME: folder,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    // It may be ended although it still lists a node that was killed.
    ERL_EPMD_RELAXED_COMMAND_CHECK: '1',
    RABBITMQ_NODENAME: `prefect-test-${process.pid}@localhost`,
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none.conf'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
  }
  const server = launch(program, [], { env, cwd: folder, log: join(folder, 'start.log') })
  // Erlang's name server outlives its nodes; this one, on a port of its own, is ours.
  const andItsNameServer = (end) => async () => {
    await end()
    const epmd = onPath('epmd')
    if (epmd !== undefined) await launch(epmd, ['-kill'], { env, cwd: '/' }).ended
  }
  const url = `amqp://guest:guest@127.0.0.1:${port}`
  return { ...server, stop: andItsNameServer(server.stop), kill: andItsNameServer(server.kill), url }
}

async function startRedis(folder) {
  const program = onPath('redis-server')
  if (program === undefined) return undefined
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ]
  const server = launch(program, args, { env: process.env, cwd: folder, log: join(folder, 'start.log') })
  return { ...server, url: `redis://127.0.0.1:${port}` }
}

/** A process group of its own, so that Ctrl-C does not take it away before the tests have ended. */
function launch(program, args, { env, cwd, log }) {
  const output = log === undefined ? 'ignore' : openSync(log, 'a')
  const child = spawn(program, args, { env, cwd, detached: true, stdio: ['ignore', output, output] })
  if (output !== 'ignore') closeSync(output)
  let alive = true
  const ended = new Promise((resolve) => {
    const end = () => {
      alive = false
      resolve()
    }
    child.on('exit', end)
    child.on('error', end)
  })
  const signal = (name) => {
    try {
      if (alive && child.pid !== undefined) process.kill(-child.pid, name)
    } catch {
      // Gone already.
    }
  }
  const stop = async () => {
    signal('SIGTERM')
    await Promise.race([ended, sleep(20_000, undefined, { ref: false })])
    await kill()
  }
  const kill = async () => {
    signal('SIGKILL')
    await ended
  }
  return { running: () => alive, stop, kill, ended, log }
}

function onPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => executable(join(folder, name)))
    .find((file) => file !== undefined)
}

function executable(file) {
  try {
    accessSync(file, constants.X_OK)
    return file
  } catch {
    return undefined
  }
}
