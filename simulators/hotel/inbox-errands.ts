/** What people of the house do with what waits for them. */
import type { Settle } from './hotel-day.ts'

type Api = (method: string, path: string, body?: object) => Promise<unknown>

/** The newest entry is left for whoever looks at the inbox. */
export async function settleEntries(api: Api, { kind, action, by }: Settle): Promise<void> {
  const { entries } = (await api('GET', `inbox?kind=${kind}&limit=20`)) as { entries: { id: string }[] }
  for (const { id } of entries.slice(1)) {
    await api('POST', `inbox/${encodeURIComponent(id)}/${action}`, { by })
  }
}

export async function acknowledge(api: Api, workflow: string): Promise<void> {
  const list = `workflows/list?workflow_name=${workflow}&status=waiting&limit=20`
  const { workflow_runs } = (await api('GET', list)) as { workflow_runs: { flow_run_id: string }[] }
  for (const { flow_run_id } of workflow_runs) {
    await api('POST', `workflows/signal/${flow_run_id}/acknowledge`, { payload: { by: 'EMP006' } })
  }
}
