import type { Flow } from '../platform/engine/flow.ts'

/** The hotel's time as ISO 8601, recorded: the same on every replay. */
export async function instant(flow: Pick<Flow<unknown>, 'now'>): Promise<string> {
  return (await flow.now()).toISOString()
}
