import { ENDED } from '../contract/run.ts'

/** SQL: whether the run whose id `column` names has ended, killed between two words for example. False of null. */
export function runIsOver(column: string): string {
  const ended = ENDED.map((status) => `'${status}'`).join(', ')
  return `exists (select from prefect.flow_run_states r where r.id = ${column} and r.status in (${ended}))`
}
