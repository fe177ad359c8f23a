import { type Command, InvalidArgumentError, Option } from 'commander'
import { CATCH_UPS, OVERLAPS, type ScheduleAnswer } from '../platform/contract/schedule.ts'
import { spanSeconds } from '../platform/time/span.ts'
import { CommandError } from './command-error.ts'
import { loadEnvironment } from './environment.ts'
import { jsonObject } from './json-option.ts'
import { show } from './output.ts'
import { schedulesText } from './schedule-text.ts'
import { createServiceClient } from './service-client.ts'

interface CreateOptions {
  workflow: string
  cron?: string
  /** Seconds. */
  every?: number
  at?: string
  timezone?: string
  parameters?: Record<string, unknown>
  slug?: string
  overlap?: string
  catchUp?: string
  /** Seconds. */
  jitter?: number
  closedDates?: string[]
  startsAt?: string
  endsAt?: string
  paused?: boolean
  json?: boolean
}

/** `schedules create`: one of --cron, --every and --at says when. */
export function addScheduleCreateCommand(schedules: Command): void {
  schedules
    .command('create')
    .description('declare a schedule')
    .argument('<name>', 'its slug is made of it, and never changes')
    .requiredOption('--workflow <name>', 'what it starts')
    .option('--cron <expression>', "when, as cron: '0 7 * * *'")
    .option('--every <time>', 'every so often, for example 30m or 6h', aSpan)
    .option('--at <time>', 'once, ISO 8601')
    .option('--timezone <name>', "IANA name; default: the hotel's")
    .option(
      '--parameters <json>',
      'of each run; {{business_date}}, {{local_date}}, {{nominal}} and {{previous_nominal}} are those of its time',
      jsonObject,
    )
    .option('--slug <slug>', 'default: made of the name')
    .addOption(new Option('--overlap <policy>', 'while earlier runs have not ended').choices(OVERLAPS))
    .addOption(new Option('--catch-up <policy>', 'of what was missed').choices(CATCH_UPS))
    .option('--jitter <time>', 'start up to so much later, for example 5m', aSpan)
    .option('--closed-dates <calendars...>', "holidays:VN, or one of the hotel's own")
    .option('--starts-at <time>', 'not before this, ISO 8601')
    .option('--ends-at <time>', 'not after this, ISO 8601')
    .option('--paused', 'do not fire until it is resumed')
    .option('--json', 'print the JSON of the API')
    .action(create)
}

async function create(name: string, options: CreateOptions): Promise<void> {
  const client = createServiceClient(loadEnvironment())
  const { status, body } = await client.post<ScheduleAnswer>('schedule/create', {
    name,
    slug: options.slug,
    workflow: options.workflow,
    schedule: { ...timingOf(options), timezone: options.timezone },
    parameters: options.parameters,
    overlap: options.overlap,
    catch_up: options.catchUp,
    jitter_seconds: options.jitter,
    closed_dates: options.closedDates,
    starts_at: options.startsAt,
    ends_at: options.endsAt,
    active: options.paused ? false : undefined,
  })
  const before = status === 200 ? '\nIt was there already, declared alike.' : ''
  show(body, options, () => `${schedulesText([body], 1)}${before}`)
}

function timingOf({ cron, every, at }: CreateOptions): object {
  const given = [
    ...(cron === undefined ? [] : [{ type: 'cron', cron }]),
    ...(every === undefined ? [] : [{ type: 'interval', every_seconds: every }]),
    ...(at === undefined ? [] : [{ type: 'once', at }]),
  ]
  const [timing] = given
  if (timing === undefined || given.length > 1)
    throw new CommandError('Say when: one of --cron, --every and --at.')
  return timing
}

/** As seconds. */
function aSpan(text: string): number {
  const seconds = spanSeconds(text)
  if (seconds) return seconds
  throw new InvalidArgumentError('Write a number and s, m (minutes), h or d: for example 30m.')
}
