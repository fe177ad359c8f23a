/** What the models said last: per kind and subject, and per guest. The newest by its own time stays. */
import type { Sql } from '../../platform/postgres/sql.ts'

export interface Prediction {
  type: string
  subject: string
  modelName: string
  modelVersion: string | null
  value: number | Record<string, unknown>
  confidence: number
  predictedAt: Date
  runId: string
}

/** Returns whether it is the newest now. Of two of the same time the greater value stays, whichever came first. */
export async function storePrediction(sql: Sql, prediction: Prediction): Promise<boolean> {
  const stored = await sql.query(
    `insert into prefect.predictions as p
       (prediction_type, subject, model_name, model_version, value, confidence, predicted_at, run_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (prediction_type, subject) do update set
       model_name = excluded.model_name, model_version = excluded.model_version, value = excluded.value,
       confidence = excluded.confidence, predicted_at = excluded.predicted_at, run_id = excluded.run_id,
       received_at = clock_timestamp()
     where (excluded.predicted_at, excluded.value, excluded.confidence) >= (p.predicted_at, p.value, p.confidence)
     returning 1`,
    [
      prediction.type,
      prediction.subject,
      prediction.modelName,
      prediction.modelVersion,
      JSON.stringify(prediction.value),
      prediction.confidence,
      prediction.predictedAt.toISOString(),
      prediction.runId,
    ],
  )
  return stored.length > 0
}

/** Returns whether they are the newest now. `items` as the model gave them. */
export async function storeRecommendations(
  sql: Sql,
  news: { guestId: string; items: unknown[]; modelVersion: string; generatedAt: Date; runId: string },
): Promise<boolean> {
  const stored = await sql.query(
    `insert into prefect.recommendations as r (guest_id, items, model_version, generated_at, run_id)
     values ($1, $2, $3, $4, $5)
     on conflict (guest_id) do update set items = excluded.items, model_version = excluded.model_version,
       generated_at = excluded.generated_at, run_id = excluded.run_id
     where excluded.generated_at >= r.generated_at
     returning 1`,
    [news.guestId, JSON.stringify(news.items), news.modelVersion, news.generatedAt.toISOString(), news.runId],
  )
  return stored.length > 0
}
