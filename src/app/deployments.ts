/** The schedules that files declare: applied when a scheduler starts, and by `prefect-service deploy`. */
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { FLOWS } from '../hotel/catalogue.ts'
import { createDurableEngine } from '../platform/engine/durable/durable-engine.ts'
import type { Logger } from '../platform/observability/logger.ts'
import type { Database } from '../platform/postgres/pool.ts'
import type { HotelClock } from '../platform/schedules/clock.ts'
import { type DeployOptions, deploy } from '../platform/schedules/deployments/deploy.ts'
import { readDeploymentFiles } from '../platform/schedules/deployments/deployment-files.ts'
import type { DeployStep } from '../platform/schedules/deployments/deployment-plan.ts'
import { stepText } from '../platform/schedules/deployments/deployment-text.ts'
import { readDeployments } from '../platform/schedules/deployments/read-deployments.ts'
import { PACKAGE_ROOT } from './package-root.ts'
import { schedulePorts } from './schedules.ts'

const NONE = 'none'

/** Undefined: there shall be none. */
export function deploymentsFolder({ DEPLOYMENTS_DIR: folder }: Config): string | undefined {
  return folder === NONE ? undefined : (folder ?? join(PACKAGE_ROOT, 'deployments'))
}

export interface DeploymentParts {
  database: Database
  clock?: HotelClock | undefined
}

/** Throws BadDeployments. */
export async function deployFolder(
  config: Config,
  { database, clock }: DeploymentParts,
  { folder, ...options }: Omit<DeployOptions, 'by'> & { folder: string },
): Promise<DeployStep[]> {
  const deployments = readDeployments(await readDeploymentFiles(folder))
  const flows = new Map(FLOWS.map((flow) => [flow.name, flow]))
  // Schedulers and workers look by themselves within a second.
  const ports = schedulePorts(config, {
    database,
    engine: createDurableEngine(database, () => {}),
    flows,
    clock,
    wake: () => {},
  })
  return deploy({ ...ports, changed: () => {} }, deployments, { ...options, by: 'deploy' })
}

/**
 * What the files declare is there before the scheduler looks for the first time. Nothing is removed. Throws
 * BadDeployments.
 */
export async function applyDeployments(
  config: Config,
  { logger, ...parts }: DeploymentParts & { logger: Logger },
): Promise<void> {
  const folder = deploymentsFolder(config)
  if (folder === undefined || !config.ROLES.includes('scheduler')) return
  const steps = await deployFolder(config, parts, { folder, dryRun: false, force: false, prune: false })
  for (const step of steps) {
    const level = step.kind === 'conflict' || step.kind === 'refused' ? 'warn' : 'info'
    const isQuiet = step.kind === 'keep' && step.drift.length === 0
    if (!isQuiet) logger[level]({ schedule: step.slug, did: step.kind }, `deployments: ${stepText(step)}`)
  }
}
