import { GiveUp } from '../../../platform/engine/errors.ts'
import { createJsonClient } from '../../../platform/outbound/json-client.ts'
import { bearer, type ServiceAddress } from '../../../platform/outbound/service-address.ts'
import type { Cv } from './cv.ts'
import { RoomAnalysisAnswer } from './wire.ts'

/** The CV service over HTTP. Errors are those of JsonClient; an analysis of another room is `cv_invalid_answer`. */
export function createHttpCv({ url, apiKey, guard }: ServiceAddress): Cv & { close(): Promise<void> } {
  const client = createJsonClient({ url, guard, headers: bearer(apiKey) })
  return {
    async latestRoomAnalysis(roomNumber, signal) {
      const answer = await client.call({
        operation: 'room_analysis',
        method: 'GET',
        path: `/rooms/${encodeURIComponent(roomNumber)}/analysis`,
        answer: RoomAnalysisAnswer,
        absent: [404],
        signal,
      })
      if (answer === undefined) return undefined
      if (answer.room_number !== roomNumber) {
        throw new GiveUp('cv_invalid_answer', '"cv" answered about another room than it was asked about.')
      }
      return { ...answer, analysed_at: new Date(answer.analysed_at).toISOString() }
    },
    close: () => client.close(),
  }
}
