/** The hotel's ML service: predictions on request, training jobs. Schemas of the wire: `wire.ts`. */
export interface ChurnFeatures {
  booking_id: string
  guest_id: string | null
  room_type: string | null
  /** 'YYYY-MM-DD' */
  check_in: string
  check_out: string
  /** Whole VND. */
  total_amount: number | null
  lead_days: number
  nights: number
}

export interface ChurnPrediction {
  /** 0..1 */
  risk: number
  confidence: number
  model_name: string
  model_version: string
}

export interface Recommendations {
  items: { id: string; name: string; score: number }[]
  model_version: string
}

export interface TrainingJob {
  job_id: string
  status: 'queued' | 'running' | 'completed' | 'failed'
  model_name: string
  model_version: string | null
  metrics: Record<string, number>
}

export interface Ml {
  predictChurn(features: ChurnFeatures, call: { key: string; signal: AbortSignal }): Promise<ChurnPrediction>
  recommend(
    ask: { guest_id: string; booking_id: string | null; limit: number },
    call: { key: string; signal: AbortSignal },
  ): Promise<Recommendations>
  /** The same key finds the job that was started first. */
  startTraining(
    ask: { model_name: string; training_days: number },
    call: { key: string; signal: AbortSignal },
  ): Promise<TrainingJob>
  training(jobId: string, signal: AbortSignal): Promise<TrainingJob | undefined>
}
