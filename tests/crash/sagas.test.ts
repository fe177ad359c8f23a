/**
 * A room move and a cancellation whose worker is killed (SIGKILL) right before and right after every act and every undo,
 * on the way forward and on the way back, once and, where the point is met again, twice. Whatever the point: all of it
 * is done, all of it is undone, or the run is flagged. CRASH_LONG=1 gives every case a database and processes of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type PropertySystemSimulator,
  startPropertySystemSimulator,
} from '../../simulators/services/property-system.ts'
import { cancelBooking } from '../../src/hotel/bookings/cancel-booking.flow.ts'
import { moveGuestRoom } from '../../src/hotel/bookings/move-guest-room.flow.ts'
import { ENDED, type RunStatus } from '../../src/platform/contract/run.ts'
import { createDurableEngine } from '../../src/platform/engine/durable/durable-engine.ts'
import type { AnyFlow } from '../../src/platform/engine/flow.ts'
import { newRunId } from '../../src/platform/engine/ids.ts'
import type { Database } from '../../src/platform/postgres/pool.ts'
import { cleaningOf, roomOf, rowOf, toldAbout } from '../integration/hotel/bookings/booking-rig.ts'
import { type Furnished, furnish } from '../integration/hotel/bookings/saga-rig.ts'
import { createTestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import type { SagaPlan } from './saga-worker.ts'

/** Acts with their undos, in order; of an act with two, the second one last. */
const SAGAS = {
  move: [
    ['hold_new_room', 'release_new_room'],
    ['move_in_property_system', 'move_back_in_property_system'],
    ['assign_new_room', 'assign_old_room'],
    ['take_new_room', 'leave_new_room'],
    ['leave_old_room', 'return_to_old_room'],
  ],
  cancel: [
    ['claim_booking', 'release_claim'],
    ['cancel_in_property_system', 'reinstate_in_property_system', 'record_reinstated'],
    ['release_booked_room', 'assign_booked_room'],
    ['request_refund', 'withdraw_refund'],
    ['mark_booking_cancelled', 'unmark_booking_cancelled'],
  ],
} as const
type SagaName = keyof typeof SAGAS
/** `forward`: nothing fails. `back`: the last act fails for good. `stuck`: and the property system's undo does too. */
type Way = 'forward' | 'back' | 'stuck'

interface Case {
  saga: SagaName
  way: Way
  stopAt: string
}

const PHASES = ['before', 'after'] as const

function casesOf(saga: SagaName): Case[] {
  const acts = SAGAS[saga].map(([act]) => act)
  const undos: string[] = SAGAS[saga].flatMap(([, ...names]) => names)
  const [, stuckUndo, ...neverTried]: readonly string[] = SAGAS[saga][1]
  const points = (names: readonly string[], phases: readonly string[] = PHASES) =>
    names.flatMap((name) => phases.map((phase) => `${name}:${phase}`))
  const around = saga === 'cancel' ? ['plan_cancellation', 'end_cancellation'] : []
  const stops: Record<Way, string[]> = {
    forward: [...points(acts, [...PHASES, 'recorded']), ...points(around), 'end'],
    // The act that fails has no effect to stop after.
    back: [...points(acts).slice(0, -1), ...points(undos), 'end'],
    stuck: [
      ...points(undos.filter((undo) => !neverTried.includes(undo))).filter(
        (stop) => stop !== `${stuckUndo}:after`,
      ),
      ...[...points(['alert_duty_manager']), 'end'],
    ],
  }
  return Object.entries(stops).flatMap(([way, all]) =>
    all.map((stopAt) => ({ saga, way: way as Way, stopAt })),
  )
}

function failing({ saga, way }: Case): string[] {
  if (way === 'forward') return []
  const last = SAGAS[saga].at(-1)?.[0] ?? ''
  const stuck = saga === 'move' ? 'move_back_in_property_system' : 'reinstate_in_property_system'
  return way === 'stuck' ? [last, stuck] : [last]
}

const LONG = process.env.CRASH_LONG === '1'
/** Runs that stop inside a transaction keep their place in the queue and a connection. */
const BATCH = LONG ? 1 : 20
const LANES = 2

let folder: string
let pms: PropertySystemSimulator
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'prefect-sagas-'))
  pms = await startPropertySystemSimulator({ style: 'rest', requestsPerSecond: 100_000 })
})
afterAll(async () => {
  await pms?.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Started extends Case, Furnished {
  runId: string
}

/** `outcome`: what both the property system and the database say, in one word; `half` is what must never be. */
interface Verdict {
  case: string
  expected: string
  outcome: string
  run: string
  writes: number
  messages: number
  alerts: number
}

let files = 0

/** Runs a worker until each run has stopped at its point or ended, and kills it. Answers how many stopped. */
async function work(
  databaseUrl: string,
  database: Database,
  runs: Started[],
  stops: boolean,
): Promise<number> {
  const plan: SagaPlan = Object.fromEntries(
    runs.map((one) => [one.runId, { stopAt: stops ? one.stopAt : null, fails: failing(one) }]),
  )
  const file = join(folder, `plan-${files++}.json`)
  writeFileSync(file, JSON.stringify(plan))
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'saga-worker.ts')], {
    env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl, PMS_URL: pms.url, SAGA_PLAN: file },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stopped = new Set<string>()
  let written = ''
  listen(child, (text) => {
    written += text
    for (const [, runId = ''] of text.matchAll(/stopped (\S+)/g)) stopped.add(runId)
  })
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  try {
    await eventually(
      'each run to stop or to end',
      async () => {
        if (child.exitCode !== null) throw new Error(`The worker ended by itself:\n${written}`)
        const ended = await endedOf(database, runs)
        return runs.every(({ runId }) => stopped.has(runId) || ended.has(runId))
      },
      60,
    )
  } finally {
    child.kill('SIGKILL')
    await gone
  }
  return stopped.size
}

/** Whole lines only: a chunk may end in the middle of one. */
function listen(child: ChildProcess, heard: (lines: string) => void): void {
  for (const output of [child.stdout, child.stderr]) {
    let rest = ''
    output?.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n')
      rest = lines.pop() ?? ''
      if (lines.length > 0) heard(`${lines.join('\n')}\n`)
    })
  }
}

async function endedOf(database: Database, runs: Started[]): Promise<Set<string>> {
  const rows = await database.query<{ id: string; status: RunStatus }>(
    'select id, status from prefect.flow_run_states where id = any($1)',
    [runs.map(({ runId }) => runId)],
  )
  return new Set(rows.filter(({ status }) => ENDED.includes(status)).map(({ id }) => id))
}

async function runBatch(cases: Case[]): Promise<{ verdicts: Verdict[]; kills: number[] }> {
  const { url, database, drop } = await createTestDatabase({ max: 4 })
  try {
    const engine = createDurableEngine(database, () => {})
    const runs: Started[] = []
    for (const one of cases) {
      const hotel = await furnish(database, pms, { inHouse: one.saga === 'move' })
      const run = { ...one, ...hotel, runId: newRunId() }
      const [flow, parameters] =
        one.saga === 'move'
          ? [moveGuestRoom as AnyFlow, { booking_id: hotel.bookingId, to_room: hotel.to, reason: 'noise' }]
          : [
              cancelBooking as AnyFlow,
              { booking_id: hotel.bookingId, reason: 'ill', refund_amount: 1_000_000 },
            ]
      await engine.start({ runId: run.runId, flow, parameters })
      runs.push(run)
    }
    const kills = [await work(url, database, runs, true), await work(url, database, runs, true)]
    await work(url, database, runs, false)
    return { verdicts: await Promise.all(runs.map((run) => judge(database, run))), kills }
  } finally {
    await drop()
  }
}

async function judge(database: Database, run: Started): Promise<Verdict> {
  const [state] = await database.query<{ status: string; flagged: string | null }>(
    'select status, flagged from prefect.flow_run_states where id = $1',
    [run.runId],
  )
  const alerts = await database.query('select 1 from prefect.notifications where subject_key = $1', [
    run.runId,
  ])
  const local = run.saga === 'move' ? await moved(database, run) : await cancelled(database, run)
  const outside = inPropertySystem(run)
  const outcome = state?.flagged ? `flagged: ${local}, ${outside}` : local === outside ? local : 'half'
  const expected = { forward: 'done', back: 'undone', stuck: 'flagged: undone, done' }
  return {
    case: `${run.saga} ${run.way} ${run.stopAt}`,
    expected: `${expected[run.way]} ${run.way === 'forward' ? 'completed' : 'failed'}`,
    outcome: `${outcome} ${state?.status}`,
    run: run.runId,
    writes: pms.writes.filter(({ id }) => id === run.bookingId).length,
    messages: (await toldAbout(database, run.bookingId)).filter((name) => name !== 'saga_undo_failed').length,
    alerts: alerts.length,
  }
}

function inPropertySystem({ saga, bookingId, from, to }: Started): string {
  const reservation = pms.reservations.get(bookingId)
  if (saga === 'cancel') return reservation?.status === 'cancelled' ? 'done' : 'undone'
  return reservation?.roomNumber === to ? 'done' : reservation?.roomNumber === from ? 'undone' : 'half'
}

async function moved(database: Database, { bookingId, from, to }: Started): Promise<string> {
  const { room_number, status } = await rowOf(database, bookingId)
  const [old, now] = [await roomOf(database, from), await roomOf(database, to)]
  const cleaning = (await cleaningOf(database, from)).filter((task) => task.status !== 'cancelled')
  const is = JSON.stringify([status, room_number, old, now, cleaning.map(({ kind }) => kind)])
  const free = (status: string) => ({ status, held_for: null })
  if (is === JSON.stringify(['checked_in', to, free('dirty'), free('occupied'), ['departure']])) return 'done'
  const before = JSON.stringify(['checked_in', from, free('occupied'), free('inspected'), []])
  return is === before ? 'undone' : `half ${is}`
}

async function cancelled(database: Database, { bookingId, from }: Started): Promise<string> {
  const { status, room_number } = await rowOf(database, bookingId)
  const refunds = await database.query<{ status: string }>(
    'select status from prefect.refund_requests where booking_id = $1',
    [bookingId],
  )
  const asked = refunds.filter((refund) => refund.status !== 'withdrawn').length
  const is = JSON.stringify([status, room_number, asked])
  if (is === JSON.stringify(['cancelled', null, 1])) return 'done'
  return is === JSON.stringify(['confirmed', from, 0]) ? 'undone' : `half ${is}`
}

test(
  'no saga ends half done, wherever its worker is killed',
  async () => {
    const cases = [...casesOf('move'), ...casesOf('cancel')]
    const batches: Case[][] = []
    for (let i = 0; i < cases.length; i += BATCH) batches.push(cases.slice(i, i + BATCH))
    const started = performance.now()
    const verdicts: Verdict[] = []
    const kills = [0, 0]
    const lane = async () => {
      for (let batch = batches.shift(); batch; batch = batches.shift()) {
        const done = await runBatch(batch)
        verdicts.push(...done.verdicts)
        for (const [i, stopped] of done.kills.entries()) kills[i] = (kills[i] ?? 0) + stopped
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    const seconds = Math.round((performance.now() - started) / 1000)
    const figures = { test: 'sagas', cases: cases.length, killed: kills[0], killed_again: kills[1], seconds }
    process.stdout.write(`crash figures ${JSON.stringify(figures)}\n`)

    expect(verdicts.filter(({ outcome, expected }) => outcome !== expected)).toEqual([])
    expect(verdicts).toHaveLength(cases.length)
    // Every case was killed at its point, and most met it again.
    expect(kills[0]).toBe(cases.length)
    expect(kills[1]).toBeGreaterThan(cases.length / 2)
    const told = { forward: [1, 1, 0], back: [2, 0, 0], stuck: [1, 0, 2] }
    const numbers = verdicts.map(({ case: name, writes, messages, alerts }) => [
      name,
      writes,
      messages,
      alerts,
    ])
    const wanted = verdicts.map(({ case: name }) => [name, ...told[name.split(' ')[1] as Way]])
    expect(numbers).toEqual(wanted)
  },
  LONG ? 3_600_000 : 300_000,
)
