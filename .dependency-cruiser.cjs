/**
 * Which way imports may go; docs/architecture.md draws the picture. Type-only imports count.
 * `tests/unit/architecture.test.ts` breaks each rule once and sees that it is noticed.
 */

const ZOD = '^node_modules/zod/'
/** Node's own modules are the only ones that resolve to a bare name. */
const BUILTIN = '^(node:)?[a-z0-9_/]+$'
const PACKAGES = '^node_modules/'

const CONTRACT = '^src/contract/'
const DOMAIN = '^src/domain/'
const OBSERVABILITY = '^src/observability/'
const DB = '^src/db/'
const INTEGRATIONS = '^src/integrations/'
/** What the rooms above see of the engine: the language, its errors, the port, ids. The rest is the engine's own. */
const ENGINE_PORTS = '^src/engine/(engine|errors|flow|ids)\\.ts$'
const ENGINE_CORE = '^src/engine/[^/]+\\.ts$'
/** The pool, and what it is made of. */
const DATABASE_POOL = ['^src/db/(pool|prepared-queries|sql)\\.ts$', '^src/observability/logger\\.ts$']
/** The composition root and the parts it is made of. */
const COMPOSITION = '^src/(shutdown\\.ts$|app/)'

const toolbox = [BUILTIN, PACKAGES, CONTRACT, OBSERVABILITY]

/** The whole list of what a room may import, itself apart. */
const ROOMS = {
  contract: [ZOD],
  domain: [CONTRACT],
  observability: toolbox,
  db: toolbox,
  tasks: [ZOD, CONTRACT, OBSERVABILITY, DOMAIN, DB, INTEGRATIONS, ENGINE_PORTS],
  flows: [ZOD, CONTRACT, DOMAIN, '^src/tasks/', ENGINE_PORTS],
  pipelines: [ZOD, CONTRACT, DOMAIN, '^src/tasks/', ENGINE_PORTS],
  events: [...toolbox, DOMAIN, DB, ENGINE_PORTS],
  schedules: [...toolbox, DOMAIN, DB, ENGINE_PORTS],
  http: [...toolbox, DOMAIN, DB, ENGINE_PORTS],
  cli: [
    ...[...toolbox, DOMAIN, DB, ENGINE_PORTS, COMPOSITION, '^src/config\\.ts$'],
    // The service itself, to start it; the engine's own tables, to migrate them.
    ...['^src/main\\.ts$', '^src/engine/dbos/schema\\.ts$'],
  ],
}

/** Rooms and files with more to say than their folder's name. */
const OTHERS = [
  { name: 'engine-core', from: ENGINE_CORE, may: [ENGINE_CORE, CONTRACT, OBSERVABILITY, ZOD, '^crypto$'] },
  {
    name: 'engine-dbos',
    from: '^src/engine/dbos/',
    may: [...toolbox, '^src/engine/', DB],
  },
  {
    name: 'integrations',
    from: '^src/integrations/([^/]+)',
    may: [...toolbox, '^src/integrations/($1|outbound|cache)/', '^src/engine/(errors|flow)\\.ts$'],
  },
  { name: 'config', from: '^src/config\\.ts$', may: [...toolbox, DOMAIN] },
  {
    name: 'main',
    from: '^src/main\\.ts$',
    may: [...toolbox, ENGINE_PORTS, COMPOSITION, '^src/config\\.ts$'],
  },
]

const mayImport = (name, from, may) => ({
  name: `${name}-imports`,
  comment: `${name} imports something its level does not offer; see docs/architecture.md.`,
  severity: 'error',
  from: { path: from },
  to: { pathNot: may },
})

const never = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

module.exports = {
  forbidden: [
    ...Object.entries(ROOMS).map(([room, may]) => {
      const own = `^src/${room}/`
      return mayImport(room, own, [own, ...may])
    }),
    ...OTHERS.map(({ name, from, may }) => mayImport(name, from, may)),

    never(
      'known-rooms-only',
      'A new folder in src needs its line in this file first.',
      {
        path: '^src/',
        pathNot: [
          `^src/(${Object.keys(ROOMS).join('|')}|engine|integrations)/`,
          '^src/(config|main)\\.ts$',
          COMPOSITION,
        ],
      },
      {},
    ),
    never('no-circles', 'Imports go downward only.', {}, { circular: true }),
    never(
      'no-barrels',
      'No index.ts: import from the file that has it.',
      {},
      { path: '^(src|simulators|tests|benchmarks)/.*\\bindex\\.ts$' },
    ),
    never(
      'dbos-behind-the-engine',
      "Only src/engine/dbos knows the durable engine's vendor.",
      { path: '^(src|simulators)/', pathNot: '^src/engine/dbos/' },
      { path: '^node_modules/@dbos-inc/' },
    ),
    never(
      'pg-behind-db',
      'Only src/db and src/engine/dbos speak to PostgreSQL.',
      { path: '^src/', pathNot: '^src/(db|engine/dbos)/' },
      { path: ['^node_modules/(@types/)?pg/', '^node_modules/pg-'] },
    ),
    never(
      'vendors-behind-integrations',
      'Only its adapter knows a vendor: the rooms above see a port.',
      { path: '^src/', pathNot: INTEGRATIONS },
      {
        path: [
          '^node_modules/(@slack|@aws-sdk|ioredis|twilio|flydrive|undici|cockatiel)/',
          '^node_modules/(@types/)?nodemailer/',
        ],
      },
    ),
    never(
      'rabbitmq-behind-amqp',
      'Only src/events/amqp speaks to RabbitMQ.',
      { path: '^src/', pathNot: '^src/events/amqp/' },
      { path: '^node_modules/rabbitmq-client/' },
    ),
    never(
      'fastify-behind-http',
      'Only src/http knows what serves it.',
      { path: '^src/', pathNot: '^src/http/' },
      { path: ['^node_modules/@?fastify', '^node_modules/fastify-type-provider-zod/'] },
    ),
    never(
      'config-from-the-top',
      'Settings reach a room as arguments.',
      { path: '^src/', pathNot: ['^src/(main|config)\\.ts$', '^src/cli/', COMPOSITION] },
      { path: '^src/config\\.ts$' },
    ),
    never(
      'composition-stays-within',
      'Nothing imports the programs themselves.',
      { path: COMPOSITION },
      { path: ['^src/main\\.ts$', '^src/cli/'] },
    ),
    never(
      'service-stands-alone',
      'The service does not import what is made for demo, tests and benchmarks.',
      { path: '^src/' },
      { path: '^(simulators|tests|benchmarks|scripts)/' },
    ),
    never(
      'simulators-without-tests',
      'The demo ships; tests do not.',
      { path: '^(simulators|benchmarks)/' },
      { path: '^tests/' },
    ),
    never(
      'acceptance-is-black-box',
      'Acceptance tests start the real service as a process and speak its protocols.',
      { path: '^tests/acceptance/' },
      { path: '^src/' },
    ),
    never(
      'acceptance-reaches-no-source',
      'Not through its helpers either, but for the pool with which tests/support/database.ts makes a database.',
      { path: '^tests/acceptance/' },
      { path: '^src/', pathNot: DATABASE_POOL, reachable: true },
    ),
    never('must-resolve', 'Cannot be found.', {}, { couldNotResolve: true }),
    never(
      'no-development-packages',
      'A production install does not have it.',
      { path: '^src/' },
      { dependencyTypes: ['npm-dev'], pathNot: '^node_modules/@types/' },
    ),
  ],
  options: {
    doNotFollow: { path: '^node_modules/' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
}
