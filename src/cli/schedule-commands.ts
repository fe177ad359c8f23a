import type { Command } from 'commander'
import type { z } from 'zod'
import { FIRING_OUTCOMES, type FiringList } from '../platform/contract/firing.ts'
import type { ScheduleDetail, ScheduleList } from '../platform/contract/schedule.ts'
import type { PreviewAnswer } from '../platform/contract/schedule-control.ts'
import { loadEnvironment } from './environment.ts'
import { oneOrSeveral } from './one-or-several.ts'
import { show } from './output.ts'
import { addScheduleControlCommands } from './schedule-control-commands.ts'
import { addScheduleCreateCommand } from './schedule-create-command.ts'
import { firingsText, previewText, schedulesText, scheduleText } from './schedule-text.ts'
import { createServiceClient, scheduleAt } from './service-client.ts'

interface Json {
  json?: boolean
}

/** `schedules ...`: what fires by itself, what became of it, and what people do to it. */
export function addScheduleCommands(program: Command): void {
  const schedules = program
    .command('schedules')
    .description('what starts workflows by the clock; each is named by its slug or its id')
  addReads(schedules)
  addFirings(schedules)
  addPreview(schedules)
  addScheduleCreateCommand(schedules)
  addScheduleControlCommands(schedules)
}

interface ListOptions extends Json {
  workflow?: string
  paused?: boolean
  limit?: string
  offset?: string
}

function addReads(schedules: Command): void {
  schedules
    .command('list')
    .description('all schedules, with their next and their last run')
    .option('--workflow <names>', 'of this workflow, or one of several: a,b')
    .option('--paused', 'only those that are paused')
    .option('--limit <number>', 'at most so many, 1 to 1000 (default 200)')
    .option('--offset <number>', 'leave out the first')
    .option('--json', 'print the JSON of the API')
    .action(async ({ workflow, paused, limit, offset, json }: ListOptions) => {
      const client = createServiceClient(loadEnvironment())
      const active = paused ? 'false' : undefined
      const page = await client.get<z.infer<typeof ScheduleList>>('schedule/list', {
        ...{ workflow, active, limit, offset },
      })
      show(page, { json }, () => schedulesText(page.schedules, page.total))
    })
  schedules
    .command('show')
    .description('one schedule with all it declares')
    .argument('<schedule>')
    .option('--json', 'print the JSON of the API')
    .action(async (id: string, options: Json) => {
      const client = createServiceClient(loadEnvironment())
      const schedule = await client.get<ScheduleDetail>(scheduleAt(id))
      show(schedule, options, () => scheduleText(schedule))
    })
}

interface FiringOptions extends Json {
  outcome?: string[]
  backfill?: string
  after?: string
  before?: string
  limit?: string
  offset?: string
  cursor?: string
}

function addFirings(schedules: Command): void {
  schedules
    .command('firings')
    .description('what became of every time a schedule stood for, newest first')
    .argument('<schedule>')
    .addOption(oneOrSeveral('--outcome <outcomes>', 'with this outcome, or one of several', FIRING_OUTCOMES))
    .option('--backfill <id>', 'of this backfill')
    .option('--after <time>', 'that stand for this time or a later one, ISO 8601')
    .option('--before <time>', 'that stand for a time before this, ISO 8601')
    .option('--limit <number>', 'at most so many, 1 to 200 (default 50)')
    .option('--offset <number>', 'leave out the first')
    .option('--cursor <cursor>', 'go on where a page ended: its next_cursor')
    .option('--json', 'print the JSON of the API')
    .action(async (id: string, { outcome, backfill, after, before, json, ...page }: FiringOptions) => {
      const client = createServiceClient(loadEnvironment())
      const firings = await client.get<z.infer<typeof FiringList>>(`${scheduleAt(id)}/firings`, {
        outcome: outcome?.join(','),
        backfill_id: backfill,
        nominal_after: after,
        nominal_before: before,
        limit: page.limit,
        offset: page.offset,
        cursor: page.cursor,
      })
      show(firings, { json }, () => firingsText(firings, page.cursor))
    })
}

interface PreviewOptions extends Json {
  count?: string
  after?: string
  language?: string
}

function addPreview(schedules: Command): void {
  schedules
    .command('preview')
    .description('the next times of a schedule, and what clock changes and closed dates do to them')
    .argument('<schedule>')
    .option('--count <number>', 'so many that run (default 10)')
    .option('--after <time>', 'from this time on, ISO 8601; default: now')
    .option('--language <language>', "en or vi; default: the hotel's")
    .option('--json', 'print the JSON of the API')
    .action(async (id: string, { count, after, language, json }: PreviewOptions) => {
      const client = createServiceClient(loadEnvironment())
      const query = { count, after, language }
      const preview = await client.get<PreviewAnswer>(`${scheduleAt(id)}/preview`, query)
      show(preview, { json }, () => previewText(preview))
    })
}
