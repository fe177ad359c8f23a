import { type Command, Option } from 'commander'
import type { z } from 'zod'
import type { ScheduleDetail } from '../platform/contract/schedule.ts'
import type {
  Backfill,
  BackfillCount,
  RunNowAnswer,
  ScheduleDeleteAnswer,
} from '../platform/contract/schedule-control.ts'
import { loadEnvironment } from './environment.ts'
import { show } from './output.ts'
import { backfillText, scheduleText } from './schedule-text.ts'
import { scheduleAt as at, createServiceClient } from './service-client.ts'
import { sheet } from './table.ts'

interface By {
  by?: string
  json?: boolean
}

const BY = ['--by <name>', 'who you are, where others use the same key'] as const
const JSON_OPTION = ['--json', 'print the JSON of the API'] as const

/** What people do to a schedule. */
export function addScheduleControlCommands(schedules: Command): void {
  addPauseAndResume(schedules)
  addRunAndDelete(schedules)
  addBackfill(schedules)
}

function addPauseAndResume(schedules: Command): void {
  schedules
    .command('pause')
    .description('fire no more until it is resumed; what runs goes on')
    .argument('<schedule>')
    .option('--note <text>', 'why')
    .option(...BY)
    .option(...JSON_OPTION)
    .action(async (id: string, { note, by, json }: By & { note?: string }) => {
      const client = createServiceClient(loadEnvironment())
      const { body } = await client.post<ScheduleDetail>(`${at(id)}/pause`, { note, by })
      show(body, { json }, () => scheduleText(body))
    })
  schedules
    .command('resume')
    .description('fire again')
    .argument('<schedule>')
    .addOption(
      new Option('--missed <what>', 'what becomes of the times in between').choices(['skip', 'last', 'all']),
    )
    .option(...BY)
    .option(...JSON_OPTION)
    .action(async (id: string, { missed, by, json }: By & { missed?: string }) => {
      const client = createServiceClient(loadEnvironment())
      const { body } = await client.post<ScheduleDetail>(`${at(id)}/resume`, { missed, by })
      show(body, { json }, () => scheduleText(body))
    })
}

function addRunAndDelete(schedules: Command): void {
  schedules
    .command('run')
    .description('start a run now, whatever still runs')
    .argument('<schedule>')
    .option('--key <key>', 'idempotency key: the same key starts one run only')
    .option(...BY)
    .option(...JSON_OPTION)
    .action(async (id: string, { key, by, json }: By & { key?: string }) => {
      const client = createServiceClient(loadEnvironment())
      const headers = key === undefined ? {} : { 'idempotency-key': key }
      const { body } = await client.post<z.infer<typeof RunNowAnswer>>(`${at(id)}/run`, { by }, headers)
      show(body, { json }, () => sheet([['Run', body.flow_run_id]]))
    })
  schedules
    .command('delete')
    .description('delete it; what runs goes on, and what it has fired stays on record')
    .argument('<schedule>')
    .option(...BY)
    .option(...JSON_OPTION)
    .action(async (id: string, { by, json }: By) => {
      const client = createServiceClient(loadEnvironment())
      const body = await client.delete<z.infer<typeof ScheduleDeleteAnswer>>(at(id), { by })
      show(body, { json }, () => `The schedule ${body.schedule_id} is deleted.`)
    })
}

interface BackfillOptions extends By {
  from?: string
  to?: string
  all?: boolean
  atMost?: string
  dryRun?: boolean
  note?: string
}

function addBackfill(schedules: Command): void {
  const backfill = schedules
    .command('backfill')
    .description('run a schedule for times that are over, or show or cancel such a backfill')
  backfill
    .command('create', { isDefault: true })
    .description('run it for each of its times in a range, both ends included')
    .argument('<schedule>')
    .requiredOption('--from <time>', 'ISO 8601; without an offset in the timezone of the schedule')
    .requiredOption('--to <time>', 'ISO 8601')
    .option('--all', 'those that have run, too')
    .option('--at-most <number>', 'runs at once, 1 to 50 (default 1)')
    .option('--dry-run', 'say how many there would be, and start nothing')
    .option('--note <text>', 'why')
    .option(...BY)
    .option(...JSON_OPTION)
    .action(create)
  backfill
    .command('show')
    .description('how far a backfill has come')
    .argument('<backfill>')
    .option(...JSON_OPTION)
    .action(async (id: string, options: By) => {
      const client = createServiceClient(loadEnvironment())
      const body = await client.get<Backfill>(`schedule/backfills/${encodeURIComponent(id)}`)
      show(body, options, () => backfillText(body))
    })
  backfill
    .command('cancel')
    .description('what waits does not start, what runs is cancelled')
    .argument('<backfill>')
    .option(...BY)
    .option(...JSON_OPTION)
    .action(async (id: string, { by, json }: By) => {
      const client = createServiceClient(loadEnvironment())
      const path = `schedule/backfills/${encodeURIComponent(id)}/cancel`
      const { body } = await client.post<Backfill>(path, { by })
      show(body, { json }, () => backfillText(body))
    })
}

async function create(id: string, options: BackfillOptions): Promise<void> {
  const client = createServiceClient(loadEnvironment())
  const { body } = await client.post<Backfill | z.infer<typeof BackfillCount>>(`${at(id)}/backfills`, {
    from: options.from,
    to: options.to,
    only_missing: !options.all,
    at_most: options.atMost === undefined ? undefined : Number(options.atMost),
    dry_run: options.dryRun === true,
    note: options.note,
    by: options.by,
  })
  show(body, options, () => ('backfill_id' in body ? backfillText(body) : countText(body)))
}

function countText({ firings, have_run }: z.infer<typeof BackfillCount>): string {
  return `It would start ${firings} ${firings === 1 ? 'run' : 'runs'}; ${have_run} of its times have run already.`
}
