/**
 * Which way imports may go. Type-only imports count. `tests/unit/architecture.test.ts` breaks each rule once and sees
 * that it is noticed.
 */
const {
  PLATFORM,
  SUBJECTS,
  ENDINGS,
  OTHERS,
  COMPOSITION,
  DATABASE_POOL,
  SETTINGS,
  hotel,
} = require('./.dependency-cruiser.rooms.cjs')

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
    ...Object.entries(PLATFORM).map(([room, may]) => {
      const own = `^src/platform/${room}/`
      return mayImport(room, own, [own, ...may])
    }),
    ...Object.entries(ENDINGS).map(([ending, may]) => mayImport(ending, hotel(ending), may)),
    ...OTHERS.map(({ name, from, may }) => mayImport(name, from, may)),
    ...SUBJECTS.slice(0, -1).map((subjects, row) => ({
      name: `${subjects[0]}-before`,
      comment: 'A subject uses those before it only: what both need is shared, or what follows is a flow.',
      severity: 'error',
      from: { path: `^src/hotel/(${subjects.join('|')})/`, pathNot: hotel('flow') },
      to: {
        path: `^src/hotel/(${SUBJECTS.slice(row + 1)
          .flat()
          .join('|')})/`,
      },
    })),
    {
      name: 'sql-takes-types',
      comment: 'SQL knows the shapes that rules and events have, and calls none of them.',
      severity: 'error',
      from: { path: hotel('sql') },
      to: { path: hotel('(event|parameters|rules)'), dependencyTypesNot: ['type-only'] },
    },
    never(
      'platform-knows-no-hotel',
      'Somebody could write a hospital on the platform.',
      { path: '^src/platform/' },
      { path: '^src/(hotel|app|cli|main\\.ts|config\\.ts)' },
    ),

    never(
      'known-rooms-only',
      'A new folder of src, or a new ending in the hotel, needs its line in this file first.',
      {
        path: '^src/',
        pathNot: [
          `^src/platform/(${[...Object.keys(PLATFORM), 'engine', 'channels'].join('|')})/`,
          `^src/hotel/(${SUBJECTS.flat().join('|')})/[^/]+\\.(${Object.keys(ENDINGS).join('|')})\\.ts$`,
          ...OTHERS.map(({ from }) => from),
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
      "Only src/platform/engine/durable/vendor knows the durable engine's vendor.",
      { path: '^(src|simulators)/', pathNot: '^src/platform/engine/durable/vendor/' },
      { path: '^node_modules/@dbos-inc/' },
    ),
    never(
      'pg-behind-postgres',
      'Only src/platform/postgres and the durable engine speak to PostgreSQL.',
      { path: '^src/', pathNot: '^src/platform/(postgres|engine/durable)/' },
      { path: ['^node_modules/(@types/)?pg/', '^node_modules/pg-'] },
    ),
    never(
      'vendors-behind-adapters',
      'Only its adapter knows a vendor: the rooms above see a port.',
      { path: '^src/', pathNot: '^src/(platform/(channels|outbound|cache|storage)|hotel/services)/' },
      {
        path: [
          '^node_modules/(@slack|@aws-sdk|ioredis|twilio|flydrive|undici|cockatiel)/',
          '^node_modules/(@types/)?nodemailer/',
        ],
      },
    ),
    never(
      'rabbitmq-behind-amqp',
      'Only src/platform/events/amqp speaks to RabbitMQ.',
      { path: '^src/', pathNot: '^src/platform/events/amqp/' },
      { path: '^node_modules/rabbitmq-client/' },
    ),
    never(
      'fastify-behind-http',
      'Only src/platform/http knows what serves it.',
      { path: '^src/', pathNot: '^src/platform/http/' },
      { path: ['^node_modules/@?fastify', '^node_modules/fastify-type-provider-zod/'] },
    ),
    never(
      'config-from-the-top',
      'Settings reach a room as arguments.',
      { path: '^src/', pathNot: ['^src/main\\.ts$', '^src/cli/', COMPOSITION, SETTINGS] },
      { path: SETTINGS },
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
