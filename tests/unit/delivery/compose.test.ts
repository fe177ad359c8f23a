import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { mapping, readYaml, type Yaml } from './plain-yaml.ts'

const compose = readYaml(readFileSync('docker-compose.yml', 'utf8'))
const services = mapping(compose.services)
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const example = new Map(
  [...readFileSync('.env.example', 'utf8').matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]),
)
const service = (name: string) => mapping(services[name])
const ours = Object.keys(services).filter((name) => service(name).build !== undefined)
const text = (value: Yaml | undefined) => {
  expect(value).toBeTypeOf('string')
  return value as string
}

describe('the reader of this test', () => {
  it('understands what the file uses, and refuses what it does not', () => {
    const read = readYaml(
      'a: &x\n  b: "1 # 2" # three\n  c: [d, "e f"]\ng:\n  <<: *x\n  b: h\n  i:\n    - j:k\n',
    )
    expect(read.g).toEqual({ b: 'h', c: ['d', 'e f'], i: ['j:k'] })
    expect(mapping(read.a).b).toBe('1 # 2')
    for (const strange of ['a: {b: 1}', 'a: |\n  b', 'a: 1\n    b: 2', 'a: 1\na: 2', "a: 'b'"]) {
      expect(() => readYaml(strange), strange).toThrow()
    }
  })
})

it('gives the service only settings it knows, and needs a key', () => {
  expect(ours.sort()).toEqual(['migrate', 'service', 'worker'])
  for (const name of ours) {
    const settings = mapping(service(name).environment)
    for (const setting of Object.keys(settings)) expect([...example.keys()], name).toContain(setting)
    expect(settings.API_KEYS).toMatch(/^\$\{API_KEYS:\?[^}]*API_KEYS=[^}]*\}$/)
  }
})

it('passes on what is set outside, with the defaults of .env.example', () => {
  const passed = Object.entries(mapping(service('service').environment)).flatMap(([name, value]) => {
    const [, variable, fallback = ''] = /^\$\{(\w+):-([^}]*)\}$/.exec(text(value)) ?? []
    return variable === undefined ? [] : [{ name, variable, fallback }]
  })
  expect(passed.map(({ name }) => name)).toContain('SLACK_BOT_TOKEN')
  for (const { name, variable, fallback } of passed) {
    expect(variable).toBe(name)
    expect(fallback, name).toBe(example.get(name))
  }
})

it('divides the roles among its processes, and leaves none out', () => {
  const roles = ['service', 'worker'].flatMap((name) =>
    text(mapping(service(name).environment).ROLES).split(','),
  )
  expect(roles.sort()).toEqual(text(example.get('ROLES')).split(',').sort())
  expect(Number(mapping(service('worker').deploy).replicas)).toBeGreaterThanOrEqual(2)
  // Several of one service cannot share a port of the machine.
  expect(service('worker').ports).toBeUndefined()
})

it('listens where the image does', () => {
  const [exposed] = /(?<=^EXPOSE )\d+$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? []
  expect(service('service').ports).toEqual([`${exposed}:${exposed}`])
  expect(example.get('PORT')).toBe(exposed)
  expect(mapping(service('service').environment)).not.toHaveProperty('PORT')
})

it('reaches servers that are there, at their own names, with their own passwords', () => {
  const { DATABASE_URL, RABBITMQ_URL, REDIS_URL } = mapping(service('service').environment)
  const database = new URL(text(DATABASE_URL))
  expect(mapping(service(database.hostname).environment)).toEqual({
    POSTGRES_USER: database.username,
    POSTGRES_PASSWORD: database.password,
    POSTGRES_DB: database.pathname.slice(1),
  })
  const broker = new URL(text(RABBITMQ_URL))
  expect(mapping(service(broker.hostname).environment)).toEqual({
    RABBITMQ_DEFAULT_USER: broker.username,
    RABBITMQ_DEFAULT_PASS: broker.password,
  })
  expect(text(service(new URL(text(REDIS_URL)).hostname).image)).toMatch(/^redis:\d/)
  expect(text(service(database.hostname).image)).toMatch(/^postgres:1[4-8]/)
  expect(text(service(broker.hostname).image)).toMatch(/^rabbitmq:(3\.13|4)/)
})

it('starts each part when what it needs is ready', () => {
  for (const name of ours) {
    for (const [other, how] of Object.entries(mapping(service(name).depends_on))) {
      const condition = other === 'migrate' ? 'service_completed_successfully' : 'service_healthy'
      expect(how).toEqual({ condition })
      if (other !== 'migrate') expect(service(other), other).toHaveProperty('healthcheck')
    }
  }
  expect(Object.keys(mapping(service('migrate').depends_on))).toEqual(['postgres'])
  for (const name of ['service', 'worker']) {
    expect(Object.keys(mapping(service(name).depends_on))).toEqual(['migrate', 'rabbitmq', 'redis'])
  }
  const [program, command] = service('migrate').command as string[]
  expect(program).toBe(Object.keys(manifest.bin)[0])
  expect(readFileSync('src/cli/service-commands.ts', 'utf8')).toContain(`.command('${command}')`)
  expect(service('migrate').restart).toBe('no')
})

it('restarts what falls over, gives it time to stop, and keeps its data', () => {
  for (const name of Object.keys(services)) {
    if (name !== 'migrate') expect(service(name).restart, name).toBe('unless-stopped')
  }
  for (const name of ['service', 'worker']) {
    const patience = Number.parseInt(text(service(name).stop_grace_period), 10)
    expect(patience).toBe(30)
    expect(Number(mapping(service(name).environment).SHUTDOWN_GRACE_SECONDS)).toBeLessThan(patience)
  }
  for (const name of ['postgres', 'rabbitmq', 'redis']) {
    const [volume = ''] = (service(name).volumes as string[]).map((mount) => mount.split(':')[0] ?? '')
    expect(Object.keys(mapping(compose.volumes))).toContain(volume)
  }
  expect(text(service('service').image)).toBe(`prefect-service:${manifest.version}`)
})
