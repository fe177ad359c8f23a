import type { Sql } from '../../platform/postgres/sql.ts'
import type { CleaningKind } from './cleaning-orders.rules.ts'
import { CLEANING_MINUTES } from './cleaning-orders.rules.ts'
import { cancelUnstarted, type OrderedCleaning, upsertCleaning } from './cleaning-orders.sql.ts'

/**
 * Sees to it that the room is cleaned on that business date ('YYYY-MM-DD'): at most one unfinished task each, so a
 * task that is there becomes the larger of the two kinds (an early departure turns a stay-over into a departure) and
 * stays with whoever has it. Works inside any transaction. `was` in the answer is the kind before; null: it is new.
 */
export function orderCleaning(
  sql: Sql,
  order: { roomNumber: string; businessDate: string; kind: CleaningKind; reason: string; runId: string },
): Promise<OrderedCleaning> {
  return upsertCleaning(sql, { ...order, minutes: CLEANING_MINUTES[order.kind] })
}

/**
 * Takes the room's task of that business date off the list, unless somebody has begun it: a task in progress is never
 * taken away. Returns whether there was one to cancel. Works inside any transaction.
 */
export function cancelCleaning(
  sql: Sql,
  { roomNumber, businessDate, reason }: { roomNumber: string; businessDate: string; reason: string },
): Promise<boolean> {
  return cancelUnstarted(sql, { roomNumber, businessDate, reason })
}
