import type { TrainingJob } from '../../src/hotel/services/ml/ml.ts'
import { ChurnRequest, RecommendationsRequest, TrainingRequest } from '../../src/hotel/services/ml/wire.ts'
import { look, opinion, type SimulatorAccess, startHotelService, work } from './hotel-service.ts'
import type { ServiceSimulator } from './service-simulator.ts'

export interface MlSimulator extends ServiceSimulator {
  /** Every training that was started, oldest first: a repeat of an Idempotency-Key starts none. */
  readonly jobs: readonly TrainingJob[]
  /** How trainings started from now on end. Default `completed`. */
  trainingEnds(status: 'completed' | 'failed'): void
}

export interface MlSimulatorOptions extends SimulatorAccess {
  /** How often a job is asked about before it has ended. Default 2. */
  pollsToEnd?: number
}

/** Long lead times and large amounts churn; guests like what their id says; trainings go on with each poll. */
export async function startMlSimulator({
  pollsToEnd = 2,
  ...access
}: MlSimulatorOptions = {}): Promise<MlSimulator> {
  const jobs: TrainingJob[] = []
  const polls = new Map<string, number>()
  const failing = new Set<string>()
  let ending: 'completed' | 'failed' = 'completed'

  const start = ({ model_name }: { model_name: string }) => {
    const job_id = `train_${String(jobs.length + 1).padStart(4, '0')}`
    if (ending === 'failed') failing.add(job_id)
    const job: TrainingJob = { job_id, status: 'queued', model_name, model_version: null, metrics: {} }
    jobs.push(job)
    return { status: 201, body: { ...job } }
  }
  const poll = (id: string) => {
    const job = jobs.find(({ job_id }) => job_id === id)
    if (!job) return undefined
    const count = (polls.get(id) ?? 0) + 1
    polls.set(id, count)
    job.status = count < pollsToEnd ? 'running' : failing.has(id) ? 'failed' : 'completed'
    if (job.status === 'completed') {
      job.model_version = `2025.${jobs.indexOf(job) + 1}`
      job.metrics = { auc: rounded(0.8 + 0.1 * opinion(id)) }
    }
    return job
  }

  const simulator = await startHotelService(access, [
    work(/^\/predictions\/churn$/, ChurnRequest, (booking) => ({ body: churn(booking) })),
    work(/^\/recommendations$/, RecommendationsRequest, (ask) => ({ body: recommendations(ask) })),
    work(/^\/training$/, TrainingRequest, start),
    look(/^\/training\/([^/]+)$/, poll),
  ])
  const trainingEnds = (status: 'completed' | 'failed') => {
    ending = status
  }
  return { ...simulator, jobs, trainingEnds }
}

interface Booking {
  booking_id: string
  lead_days: number
  total_amount: number | null
}

function churn({ booking_id, lead_days, total_amount }: Booking) {
  const lead = Math.min(Math.max(lead_days, 0), 180) / 300
  const amount = Math.min(total_amount ?? 0, 20_000_000) / 100_000_000
  const risk = rounded(Math.min(0.05 + lead + amount + 0.1 * opinion(booking_id), 0.98))
  return { risk, confidence: 0.85, model_name: 'churn_model', model_version: '2025.01' }
}

const SERVICES = [
  { id: 'spa', name: 'Spa' },
  { id: 'airport_transfer', name: 'Airport transfer' },
  { id: 'breakfast', name: 'Breakfast' },
  { id: 'late_checkout', name: 'Late check-out' },
  { id: 'city_tour', name: 'City tour' },
  { id: 'room_upgrade', name: 'Room upgrade' },
]

function recommendations({ guest_id, limit }: { guest_id: string; limit: number }) {
  const items = SERVICES.map((service) => ({
    ...service,
    score: rounded(opinion(`${guest_id}:${service.id}`)),
  }))
  items.sort((one, other) => other.score - one.score)
  return { items: items.slice(0, limit), model_version: '2025.01' }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
