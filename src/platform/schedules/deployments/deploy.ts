/**
 * Makes the schedules what the files declare, and keeps what people made of them. Safe from many processes at once, and
 * again and again: whoever comes second finds nothing to do.
 */
import { isDeepStrictEqual } from 'node:util'
import type { ScheduleRequest } from '../../contract/schedule.ts'
import type { Database } from '../../postgres/pool.ts'
import { nearestNames } from '../../spelling.ts'
import { timeOf } from '../clock.ts'
import { BadSchedule, declare, UnknownWorkflow } from '../declare.ts'
import { firstTime } from '../nominal-times.ts'
import type { SchedulePorts, Schedules } from '../schedule-service.ts'
import { createSchedules } from '../schedules.ts'
import type { Deployment } from './deployment-entry.ts'
import { BadDeployments, type Fault } from './deployment-error.ts'
import { type Declared, type DeployStep, type Known, planDeployment } from './deployment-plan.ts'
import { forgetApplied, readKnown, rememberApplied } from './known-schedules.ts'

export interface DeployOptions {
  /** Only says what it would do. */
  dryRun: boolean
  force: boolean
  prune: boolean
  /** Who is written down as having done it. */
  by: string
}

/** Any constant of our own: one deploys at a time. */
const LOCK_KEY = 7_263_118_005
/** People may change a schedule between the plan and its step. */
const ATTEMPTS = 10

/** Returns what was done, or would be. Throws BadDeployments; then nothing was done. */
export async function deploy(
  ports: SchedulePorts,
  deployments: readonly Deployment[],
  options: DeployOptions,
): Promise<DeployStep[]> {
  if (options.dryRun) return (await plan(ports, deployments, options)).steps
  return alone(ports.database, async () => {
    const done: DeployStep[] = []
    for (let attempt = 1; ; attempt++) {
      const { steps, schedules } = await plan(ports, deployments, options)
      for (const step of steps) {
        // What an earlier attempt did is there now.
        if (done.some(({ slug }) => slug === step.slug)) continue
        const outcome = await apply(ports.database, schedules, step, options.by)
        if (outcome !== 'again') done.push(outcome)
        else if (attempt === ATTEMPTS)
          throw new Error(`The schedule ${step.slug} keeps changing; try again later.`)
      }
      if (steps.every(({ slug }) => done.some((each) => each.slug === slug))) return inOrder(done)
    }
  })
}

/** A lock of the session: a transaction that idles is ended by the pool's own limit. */
async function alone<T>(database: Database, body: () => Promise<T>): Promise<T> {
  const client = await database.pool.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK_KEY])
    return await body()
  } finally {
    client.release(true)
  }
}

async function plan(ports: SchedulePorts, deployments: readonly Deployment[], options: DeployOptions) {
  const own = deployments.flatMap(({ request }) => request.closed_dates)
  // A calendar of the hotel's own may get its first date later: a start must not wait for it.
  const declaring = { ...ports, calendars: async () => own.filter((name) => !name.includes(':')) }
  const now = await timeOf(ports.database, ports.clock)
  const known = await readKnown(ports.database)
  const declared = await declareAll(declaring, deployments, known, now)
  const fires = (slug: string, definition: Declared['definition']) =>
    firstTime(slug, definition, now) !== undefined
  return {
    steps: planDeployment(declared, known, { ...options, fires }),
    schedules: createSchedules(declaring),
  }
}

async function declareAll(
  ports: SchedulePorts & { calendars(): Promise<readonly string[]> },
  deployments: readonly Deployment[],
  known: readonly Known[],
  now: Date,
): Promise<Declared[]> {
  const faults: Fault[] = []
  const declared: Declared[] = []
  for (const deployment of deployments) {
    const { slug, active } = deployment.request
    const request = anchored(
      deployment.request,
      known.find((each) => each.slug === slug),
    )
    try {
      const definition = await declare(ports, request, now)
      // As it comes back from the database.
      declared.push({ slug, active, definition: JSON.parse(JSON.stringify(definition)) })
    } catch (error) {
      faults.push(...faultsOf(error, deployment, ports))
    }
  }
  if (faults.length > 0) throw new BadDeployments(faults)
  return declared
}

/** An interval that names no anchor goes on from the one it was given when it was made. */
function anchored(request: ScheduleRequest, known: Known | undefined): ScheduleRequest {
  const { schedule } = request
  if (schedule.type !== 'interval' || schedule.anchor !== undefined) return request
  const before = [known?.applied?.schedule, known?.definition.schedule].find(
    (each) => each?.type === 'interval',
  )
  return before?.type === 'interval'
    ? { ...request, schedule: { ...schedule, anchor: before.anchor } }
    : request
}

function faultsOf(error: unknown, { fault }: Deployment, { flows }: SchedulePorts): Fault[] {
  if (error instanceof BadSchedule)
    return error.errors.map(({ path, message }) => fault(path.split('.').slice(1), message))
  if (!(error instanceof UnknownWorkflow)) throw error
  const [nearest] = nearestNames(error.workflow, flows.keys())
  const hint = nearest === undefined ? '' : `: did you mean ${nearest}?`
  return [fault(['workflow'], `names no workflow there is, "${error.workflow}"${hint}`)]
}

async function apply(
  database: Database,
  schedules: Schedules,
  step: DeployStep,
  by: string,
): Promise<DeployStep | 'again'> {
  try {
    return (await applied(database, schedules, step, by)) ? step : 'again'
  } catch (error) {
    if (!(error instanceof BadSchedule || error instanceof UnknownWorkflow)) throw error
    return { slug: step.slug, kind: 'refused', message: error.message.replaceAll('body.', '') }
  }
}

/** False: somebody changed it meanwhile. */
async function applied(
  database: Database,
  schedules: Schedules,
  step: DeployStep,
  by: string,
): Promise<boolean> {
  switch (step.kind) {
    case 'create': {
      const { slug, active, definition } = step.declared
      await forgetApplied(database, slug)
      const { kind } = await schedules.create({ ...definition, slug, active }, { by, origin: 'file' })
      return kind === 'created'
    }
    // The same row under the same slug: what it fired stays its own, and no time comes twice.
    case 'change': {
      const { known, declared, changes } = step
      const fields = Object.fromEntries(changes.map(({ field, to }) => [field, to]))
      const update = { ...fields, version: known.version }
      return (await schedules.update(known.id, update, by, declared.definition)).kind === 'done'
    }
    case 'keep': {
      const { known, declared } = step
      if (!isDeepStrictEqual(known.applied, declared.definition))
        await rememberApplied(database, known.id, declared.definition)
      return true
    }
    case 'remove':
      if (!step.prune) return true
      await forgetApplied(database, step.slug)
      await schedules.remove(step.known.id, by)
      return true
    default:
      return true
  }
}

function inOrder(steps: DeployStep[]): DeployStep[] {
  return steps.sort((a, b) => (a.slug < b.slug ? -1 : 1))
}
