/** What the CV service answers; docs/services.md is made of it. Unknown fields are ignored. */
import { z } from 'zod'

export const RoomAnalysisAnswer = z.object({
  room_number: z.string().min(1).max(20).describe('The room asked about, spelt the same'),
  looks: z
    .enum(['clean', 'dirty', 'unknown'])
    .describe('`unknown`: somebody in the picture, lights off, no view'),
  confidence: z.number().min(0).max(1).describe('How sure the model is'),
  analysed_at: z.iso
    .datetime({ offset: true })
    .describe('When the picture was taken, ISO 8601 with an offset or `Z`'),
})
