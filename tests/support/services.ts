import { describe } from 'vitest'
// @ts-expect-error as above
import * as python from '../../scripts/test-python.mjs'
// @ts-expect-error plain JavaScript without declarations: it runs before anything is installed or built
import * as services from '../../scripts/test-services.mjs'

const { findPython } = python as { findPython(): string | undefined }
const { findRabbitMQ } = services as { findRabbitMQ(): { url: string | undefined } }

/**
 * Where RabbitMQ answers, or undefined when it is not available. The test runner finds out and says so in
 * `PREFECT_TEST_RABBITMQ_URL` (`none`: not available); with vitest run directly the default address is taken on trust.
 */
export function rabbitmqUrl(): string | undefined {
  return available(
    'PREFECT_TEST_RABBITMQ_URL',
    process.env.RABBITMQ_URL ?? 'amqp://guest:guest@127.0.0.1:5672',
  )
}

/** Where Redis answers, or undefined when it is not available; found like RabbitMQ. */
export function redisUrl(): string | undefined {
  return available('PREFECT_TEST_REDIS_URL', process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')
}

/** Tests that need RabbitMQ: reported as skipped where there is none. */
export function describeWithRabbitMQ(name: string, tests: (url: string) => void): void {
  describeWith('RabbitMQ', rabbitmqUrl(), name, tests)
}

/** Tests that start and stop a RabbitMQ of their own: reported as skipped where none is installed. */
export function describeWithRabbitMQServer(name: string, tests: () => void): void {
  const program = available('PREFECT_TEST_RABBITMQ_SERVER', findRabbitMQ().url ?? 'none')
  describeWith('rabbitmq-server', program, name, tests)
}

/** Tests that need Redis: reported as skipped where there is none. */
export function describeWithRedis(name: string, tests: (url: string) => void): void {
  describeWith('Redis', redisUrl(), name, tests)
}

/** Tests that run programs of senders in Python: `tests` gets its path. Reported as skipped where there is none. */
export function describeWithPython(name: string, tests: (python: string) => void): void {
  describeWith('Python', available('PREFECT_TEST_PYTHON', findPython() ?? 'none'), name, tests)
}

function available(variable: string, fallback: string): string | undefined {
  const url = process.env[variable] ?? fallback
  return url === 'none' ? undefined : url
}

function describeWith(
  service: string,
  url: string | undefined,
  name: string,
  tests: (url: string) => void,
): void {
  if (url === undefined) describe.skip(`${name} (no ${service})`, () => tests(''))
  else describe(name, () => tests(url))
}
