import autocannon from 'autocannon'
import { attendanceEvent } from './load.ts'

let next = 0

/** Events per second that are on disk and answered 202; rejects when any answer is another. */
export async function measureIntake(url: string, seconds: number): Promise<number> {
  const result = await autocannon({
    url: `${url}/api/v1/prefect/events/attendance`,
    connections: 64,
    duration: seconds,
    requests: [
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        setupRequest: (request: object) => ({ ...request, body: JSON.stringify(attendanceEvent(next++)) }),
      },
    ],
  })
  const accepted = result.statusCodeStats?.['202']?.count ?? 0
  const others = result.requests.total - Number(accepted)
  if (others > 0 || result.errors > 0)
    throw new Error(`${others} answers were not 202, ${result.errors} errors`)
  return Number(accepted) / result.duration
}
