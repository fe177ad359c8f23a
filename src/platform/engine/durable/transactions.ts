/**
 * A transactional task: business rows and checkpoint in one commit. Optimistic: nobody asks first whether it was done; a
 * second execution fails at the checkpoint, and with it everything it did.
 */
import type { PoolClient } from 'pg'
import { lockNumber } from '../../postgres/lock-number.ts'
import type { Database } from '../../postgres/pool.ts'
import type { Sql } from '../../postgres/sql.ts'
import { TryAgain } from '../errors.ts'
import type { TransactionSql } from '../flow.ts'
import { type Checkpoint, OwnershipLost } from '../journal.ts'
import { insertCheckpoint, loadCheckpoint } from './checkpoints.ts'

/** Whose execution it is: `owner` is the token of the claim that started it. */
export interface Owned {
  readonly id: string
  readonly owner: string
}

type Body = (sql: TransactionSql) => Promise<Checkpoint>

/** Commits `body` with its checkpoint, or answers the checkpoint that this execution committed before. */
export async function commitStep(
  database: Database,
  run: Owned,
  step: number,
  lock: string | undefined,
  body: Body,
): Promise<Checkpoint> {
  for (let conflictsLeft = 4; ; conflictsLeft--) {
    try {
      return await transact(database, run, step, lock, body)
    } catch (error) {
      // An earlier commit may stand although its answer was lost on the way.
      const known = await recordedByUs(database, run, step)
      if (known) return known
      // A deadlock or a serialization failure says nothing about the task: again, at once, a few times.
      const code = (error as { code?: unknown }).code
      if (conflictsLeft === 0 || (code !== '40001' && code !== '40P01')) throw error
    }
  }
}

async function transact(
  database: Database,
  run: Owned,
  step: number,
  lock: string | undefined,
  body: Body,
): Promise<Checkpoint> {
  const client = await database.pool.connect()
  let fatal: (Error & { code?: string }) | undefined
  const onError = (error: Error) => {
    // The first one says why; the connection's end follows.
    fatal ??= error
  }
  client.on('error', onError)
  try {
    // One round trip: the lock is taken before the first statement that reads.
    await client.query(
      lock === undefined ? 'begin' : `begin; select pg_advisory_xact_lock(${lockNumber(lock)})`,
    )
    const checkpoint = await body(sqlOf(client))
    if (!(await insertCheckpoint(sqlOf(client), run, step, checkpoint))) throw new OwnershipLost()
    await client.query('commit')
    return checkpoint
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      fatal ??= failure
    })
    // Not an outage: the task itself let its transaction lie, and would again.
    if (fatal?.code === IDLE_TOO_LONG) {
      throw new TryAgain('transaction_idle', 'It left its transaction idle for more than 5 s.')
    }
    throw error
  } finally {
    client.off('error', onError)
    client.release(fatal)
  }
}

const IDLE_TOO_LONG = '25P03'

/** The checkpoint of a step, as long as this execution owns the run. */
export async function recordedByUs(sql: Sql, run: Owned, step: number): Promise<Checkpoint | undefined> {
  const owned = await sql.query(
    'select 1 from dbos.workflow_status where workflow_uuid = $1 and owner_xid = $2',
    [run.id, run.owner],
  )
  return owned.length === 1 ? loadCheckpoint(sql, run.id, step) : undefined
}

function sqlOf(client: PoolClient): Sql {
  return {
    query: async <Row extends object>(text: string, values?: readonly unknown[]) =>
      (await client.query(text, values as unknown[])).rows as Row[],
  }
}
