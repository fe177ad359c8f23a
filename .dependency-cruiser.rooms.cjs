/**
 * The rooms of the house and what each may import, beside itself. `.dependency-cruiser.cjs` makes rules of them;
 * docs/architecture.md draws the picture.
 */

const ZOD = '^node_modules/zod/'
/** Node's own modules are the only ones that resolve to a bare name. */
const BUILTIN = '^(node:)?[a-z0-9_/]+$'
const PACKAGES = '^node_modules/'

const platform = (...rooms) => rooms.map((room) => `^src/platform/${room}/`)
const CONTRACT = '^src/platform/contract/'
const TIME = '^src/platform/time/'
/** When a schedule is due: pure. */
const TIMING = '^src/platform/schedules/timing/'
/** What the rooms above see of the engine: the language, its errors, its retries, the port, ids. */
const ENGINE_PORTS = '^src/platform/engine/(engine|errors|flow|ids|retries|retry-plan|signal)\\.ts$'
const ENGINE_CORE = '^src/platform/engine/[^/]+\\.ts$'
/** The pool, and what it is made of. */
const DATABASE_POOL = [
  '^src/platform/postgres/(pool|prepared-queries|sql)\\.ts$',
  '^src/platform/observability/logger\\.ts$',
]
/** The composition root and the parts it is made of. */
const COMPOSITION = '^src/app/'
const SETTINGS = '^src/(config|platform/settings|hotel/settings)\\.ts$'
const SETTING_KINDS = '^src/platform/setting-kinds\\.ts$'

/** What every room of the platform may use. */
const toolbox = [BUILTIN, PACKAGES, CONTRACT, ...platform('observability')]

/** The platform's rooms, floor by floor from below, each with the whole list of what it may import, itself apart. */
const PLATFORM = {
  contract: [ZOD],
  time: [],
  observability: [BUILTIN, PACKAGES, CONTRACT],
  postgres: toolbox,
  access: [...toolbox, ...platform('postgres')],
  runs: [...toolbox, ...platform('postgres')],
  outbound: [...toolbox, ENGINE_PORTS],
  cache: [...toolbox, ...platform('outbound'), ENGINE_PORTS],
  storage: [...toolbox, ...platform('outbound'), ENGINE_PORTS],
  notifications: [...toolbox, ...platform('postgres', 'runs', 'channels'), ENGINE_PORTS],
  events: [...toolbox, ...platform('postgres', 'time'), ENGINE_PORTS],
  inbox: [...toolbox, ...platform('postgres', 'runs'), ENGINE_PORTS],
  schedules: [
    ...toolbox,
    ...platform('time', 'postgres', 'runs'),
    ...[ENGINE_PORTS, '^src/platform/spelling\\.ts$'],
  ],
  http: [
    ...toolbox,
    ...platform('time', 'postgres', 'access', 'runs', 'events', 'notifications', 'schedules', 'inbox'),
    ...[ENGINE_PORTS, '^src/platform/spelling\\.ts$'],
  ],
}

/** The hotel's subjects: each may use those of the rows above its own. A flow may start any other. */
const SUBJECTS = [
  ['messages'],
  ['attendance', 'rooms', 'anomalies', 'guest-requests'],
  ['housekeeping'],
  ['bookings'],
  ['predictions'],
]

const hotel = (ending) => `^src/hotel/[^/]+/[^/]+\\.${ending}\\.ts$`
/** What several subjects share, and what it may say. */
const shared = (...names) => `^src/hotel/(${names.join('|')})\\.ts$`
const PURE = shared(
  'words',
  'hotel-rules',
  'business-date',
  'booking-phase',
  'history-order',
  'plain-text',
  'subjects',
)
/** What the hotel sees of the platform, beside the contract. */
const PORTS = [
  ...[ENGINE_PORTS, ...platform('notifications'), TIME],
  '^src/platform/channels/(email/email|slack/slack|sms/text-messages)\\.ts$',
  '^src/platform/(cache/cache|storage/storage|postgres/sql)\\.ts$',
]
const SQL = ['^src/platform/postgres/sql\\.ts$', '^src/platform/runs/run-is-over\\.ts$']
const SERVICE_PORTS = '^src/hotel/services/(pms/property-system|ml/ml|llm/llm|cv/cv)\\.ts$'

/** What a line of the hotel may do is said by the ending of its file. */
const ENDINGS = {
  event: [ZOD, CONTRACT, PURE, '^src/platform/events/define-event\\.ts$'],
  parameters: [ZOD, CONTRACT, PURE, hotel('rules')],
  signal: [ZOD, CONTRACT, PURE, '^src/platform/engine/signal\\.ts$', hotel('(rules|signal)')],
  rules: [CONTRACT, TIME, PURE, hotel('(event|parameters|rules)')],
  sql: [CONTRACT, ...SQL, PURE, hotel('(event|parameters|rules|sql)')],
  tasks: [
    ...[ZOD, CONTRACT, ...PORTS, PURE, SERVICE_PORTS, '^src/hotel/messages/templates\\.ts$'],
    ...[shared('deps', 'locks', 'hotel-tables'), hotel('(event|parameters|rules|sql|tasks)')],
  ],
  flow: [
    ...[ZOD, CONTRACT, ENGINE_PORTS, ...platform('notifications'), PURE],
    ...[shared('deps', 'steps'), hotel('(event|parameters|rules|signal|tasks|flow)')],
  ],
}

/** Rooms and files with more to say than their folder's name. */
const OTHERS = [
  { name: 'spelling', from: '^src/platform/spelling\\.ts$', may: [] },
  {
    name: 'engine-core',
    from: ENGINE_CORE,
    may: [ENGINE_CORE, CONTRACT, ...platform('observability'), ZOD, '^crypto$'],
  },
  {
    name: 'engine-durable',
    from: '^src/platform/engine/durable/',
    may: [...toolbox, ...platform('engine', 'postgres', 'runs')],
  },
  {
    name: 'schedules-timing',
    from: TIMING,
    may: [TIMING, CONTRACT, TIME, '^crypto$', '^node_modules/(croner|cronstrue|date-holidays)/'],
  },
  {
    name: 'channels',
    from: '^src/platform/channels/([^/]+)/',
    may: [...toolbox, '^src/platform/channels/$1/', ...platform('outbound'), ENGINE_PORTS],
  },
  {
    name: 'services',
    from: '^src/hotel/services/([^/]+)/',
    may: [
      ...[...toolbox, '^src/hotel/services/$1/', ...platform('outbound'), ENGINE_PORTS],
      '^src/platform/cache/cache\\.ts$',
    ],
  },
  {
    name: 'templates',
    from: '^src/hotel/messages/(templates|message-files)\\.ts$',
    may: [
      BUILTIN,
      PACKAGES,
      ENGINE_PORTS,
      '^src/hotel/messages/(templates\\.ts|guest-notification\\.parameters\\.ts)$',
    ],
  },
  {
    name: 'hotel-inbox',
    from: `^src/hotel/(${SUBJECTS.flat().join('|')})/[^/]+\\.inbox\\.ts$`,
    may: [
      ...[ZOD, CONTRACT, ENGINE_PORTS, ...platform('inbox'), ...SQL, PURE],
      ...[shared('hotel-tables'), hotel('(event|parameters|rules|sql|inbox)')],
    ],
  },
  { name: 'hotel-shared-pure', from: PURE, may: [ZOD, CONTRACT, TIME, PURE] },
  {
    name: 'hotel-shared',
    from: '^src/hotel/[^/]+\\.ts$',
    may: [
      ...[ZOD, CONTRACT, ...PORTS, '^src/hotel/', SETTING_KINDS],
      '^src/platform/(events/define-event|outbound/call-limits|inbox/inbox-source)\\.ts$',
    ],
  },
  {
    name: 'platform-settings',
    from: '^src/platform/setting(s|-kinds)\\.ts$',
    may: [ZOD, CONTRACT, SETTING_KINDS],
  },
  {
    name: 'config',
    from: '^src/config\\.ts$',
    may: [...toolbox, SETTINGS, '^src/platform/spelling\\.ts$'],
  },
  {
    name: 'main',
    from: '^src/main\\.ts$',
    may: [...toolbox, ENGINE_PORTS, COMPOSITION, SETTINGS],
  },
  {
    name: 'cli',
    from: '^src/cli/',
    may: [
      ...[
        ...toolbox,
        '^src/cli/',
        ...platform('postgres', 'access', 'runs', 'schedules/deployments', 'time'),
        ENGINE_PORTS,
        COMPOSITION,
        SETTINGS,
      ],
      // The service itself, to start it; the engine's own tables, to migrate them.
      ...['^src/main\\.ts$', '^src/platform/engine/durable/schema\\.ts$'],
    ],
  },
]

module.exports = { PLATFORM, SUBJECTS, ENDINGS, OTHERS, COMPOSITION, DATABASE_POOL, SETTINGS, hotel }
