/** What is asked of the service at each size: every list filter, a run's page, and what machines ask all the time. */
import { BASE } from '../src/platform/contract/api.ts'

/** By the line of the report: milliseconds of each answer, shortest first. */
type Times = Map<string, number[]>

interface Seeded {
  run: string
  event: string
}

/** Each is asked this often before it counts, and so often that it does. */
const WARM = 5
const ASKED = 40

/** One at a time, in turns. `ids`: from the middle of what is there. Rejects when an answer is not 200. */
export async function measureRequests(url: string, ids: Seeded): Promise<{ lists: Times; others: Times }> {
  const [lists, others] = [listRequests(ids), otherRequests(ids)]
  for (const name of ['workflows/list', 'events', 'notifications']) {
    const far = await ask(url, `${name}?limit=200&offset=5000`)
    const { next_cursor } = JSON.parse(far.text) as { next_cursor: string | null }
    if (next_cursor) lists.push([`${name}, the page after 5,200 rows`, `${name}?cursor=${next_cursor}`])
  }
  return { lists: await inTurns(url, lists), others: await inTurns(url, others) }
}

type Request = [name: string, path: string]

async function inTurns(url: string, requests: readonly Request[]): Promise<Times> {
  const times: Times = new Map(requests.map(([name]) => [name, []]))
  for (let turn = 0; turn < WARM + ASKED; turn++) {
    for (const [name, path] of requests) {
      const { milliseconds } = await ask(url, path)
      if (turn >= WARM) times.get(name)?.push(milliseconds)
    }
  }
  for (const measured of times.values()) measured.sort((a, b) => a - b)
  return times
}

async function ask(url: string, path: string): Promise<{ text: string; milliseconds: number }> {
  const asked = performance.now()
  const answer = await fetch(path.startsWith('/') ? `${url}${path}` : `${url}${BASE}/${path}`)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`)
  return { text, milliseconds: performance.now() - asked }
}

function listRequests(ids: Seeded): Request[] {
  const of = (list: string, queries: readonly string[]) =>
    ['', ...queries].map((query): Request => [`${list}?${query}`, `${list}?${filled(query, ids)}`])
  return [
    ...of('workflows/list', RUN_QUERIES),
    ...of('events', EVENT_QUERIES),
    ...of('notifications', NOTIFICATION_QUERIES),
  ]
}

/** `{run}`, `{event}`: an id; `{run:}`, `{event:}`: the beginning of one; `{-200d}`: so many days ago. */
function filled(query: string, ids: Seeded): string {
  return query
    .replace(/\{(run|event)(:?)\}/g, (_, kind: 'run' | 'event', begin: string) =>
      begin === '' ? ids[kind] : ids[kind].slice(0, 9),
    )
    .replace(/\{-(\d+)d\}/g, (_, days: string) =>
      new Date(Date.now() - Number(days) * 86_400_000).toISOString(),
    )
}

function otherRequests({ run, event }: Seeded): Request[] {
  return [
    ['a run', `workflows/status/${run}`],
    ["a run's log", `workflows/logs/${run}`],
    ['an event', `events/${event}`],
    ['the catalogue', 'workflows'],
    ['health', 'health'],
    ['metrics', '/metrics'],
  ]
}

const RUN_QUERIES = [
  ...[
    'completed',
    'failed',
    'cancelled',
    'crashed',
    'running',
    'pending',
    'scheduled',
    'waiting',
    'late',
  ].map((status) => `status=${status}`),
  'status=failed,crashed',
  'status=running,completed',
  'workflow_name=process_attendance',
  'workflow_name=predict_churn_risk',
  'workflow_name=process_attendance,handle_anomaly',
  'workflow_name=process_attendance&status=completed',
  'workflow_name=handle_anomaly&status=failed',
  'workflow_name=nothing',
  'event_id={event}',
  'subject=room:201',
  'subject=employee:EMP007',
  'subject=booking:BK42',
  'subject=employee:EMP007&status=completed',
  'subject=employee:EMP007&status=failed',
  'subject=employee:EMP007&workflow_name=process_attendance',
  'flagged=true',
  'flagged=true&status=failed',
  'flagged=false',
  'started_after={-1d}',
  'started_after={-200d}&started_before={-170d}',
  'started_before={-100d}&status=failed',
  'started_after={-90d}&workflow_name=handle_anomaly',
  'q={run:}',
  'q=booking:BK12',
  'q=room:2',
  'q=room:201',
  'q=employee:EMP00&status=failed',
  'offset=10000',
]

const EVENT_QUERIES = [
  'kind=attendance',
  'kind=anomaly,booking',
  'status=rejected',
  'status=accepted',
  'kind=anomaly&status=rejected',
  'subject=room:201',
  'subject=room:201&status=rejected',
  'subject=room:201&kind=room_status',
  'received_after={-200d}&received_before={-199d}',
  'received_before={-100d}&kind=booking',
  'q={event:}',
  'q=room:2',
  'offset=10000',
]

const NOTIFICATION_QUERIES = [
  'status=sent',
  'status=failed',
  'status=failed,dropped',
  'status=held',
  'template=late_check_in',
  'channel=email',
  'template=late_check_in&status=failed',
  'subject=employee:EMP007',
  'q=employee:EMP0',
]
