import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { DeployStep } from '../platform/schedules/deployments/deployment-plan.ts'
import { stepText } from '../platform/schedules/deployments/deployment-text.ts'
import { CommandError } from './command-error.ts'
import { withDatabase } from './database-access.ts'
import { loadConfig } from './environment.ts'
import { show } from './output.ts'
import { plain } from './table.ts'

interface DeployCommandOptions {
  dryRun?: boolean
  prune?: boolean
  force?: boolean
  json?: boolean
}

/** `deploy`: makes the schedules in the database what a folder's files say. */
export function addDeployCommand(program: Command): void {
  program
    .command('deploy')
    .description(
      'apply the schedules that files declare (docs/deployments.md); people’s pauses and their own stay',
    )
    .argument('[folder]', 'of *.yaml files; default: DEPLOYMENTS_DIR, else those that come with the service')
    .option('--dry-run', 'only say what it would do')
    .option('--prune', 'remove those that a file made and none declares any more')
    .option('--force', 'take the file’s also where a person changed or deleted it')
    .option('--json', 'print JSON')
    .action(deployFiles)
}

async function deployFiles(given: string | undefined, options: DeployCommandOptions): Promise<void> {
  const { dryRun = false, prune = false, force = false } = options
  const { deployFolder, deploymentsFolder } = await import('../app/deployments.ts')
  const config = loadConfig()
  const folder = given === undefined ? deploymentsFolder(config) : resolve(given)
  if (folder === undefined) throw new CommandError('DEPLOYMENTS_DIR is none: name a folder.')
  const steps = await withDatabase(config, (database) =>
    deployFolder(config, { database }, { folder, dryRun, prune, force }),
  )
  show({ dry_run: dryRun, schedules: steps.map(stepJson) }, options, () =>
    [...steps.map((step) => printable(stepText(step))), summary(steps, dryRun)].join('\n'),
  )
  if (steps.some(({ kind }) => kind === 'conflict' || kind === 'refused')) process.exitCode = 1
}

function stepJson(step: DeployStep) {
  const { slug, kind } = step
  const paused = 'known' in step && step.known.paused !== null
  const { changes = [], drift = [] } =
    step.kind === 'change' ? step : { drift: step.kind === 'keep' ? step.drift : [] }
  const message = step.kind === 'refused' ? { message: step.message } : {}
  const removed = step.kind === 'remove' ? { removed: step.prune } : {}
  return { slug, action: kind, paused, changes, drift, ...removed, ...message }
}

/** Names and notes are people's: no control characters, line by line. */
function printable(text: string): string {
  return text
    .split('\n')
    .map((line) => plain(line))
    .join('\n')
}

function summary(steps: readonly DeployStep[], dryRun: boolean): string {
  const count = (...kinds: DeployStep['kind'][]) => steps.filter(({ kind }) => kinds.includes(kind)).length
  const removed = steps.filter((step) => step.kind === 'remove' && step.prune).length
  const made = `${count('create')} made, ${count('change')} changed, ${removed} removed`
  const rest = `${steps.length - count('create', 'change') - removed} left as they are`
  return `${dryRun ? 'Dry run, nothing was changed: ' : ''}${made}, ${rest}.`
}
