import { afterEach, beforeEach, expect, it } from 'vitest'
import { type CvSimulator, startCvSimulator } from '../../../../../simulators/services/cv.ts'
import { createHttpCv } from '../../../../../src/hotel/services/cv/http.ts'
import { createGuard } from '../../../../../src/platform/outbound/service-guard.ts'

const signal = new AbortController().signal

let simulator: CvSimulator
let cv: ReturnType<typeof createHttpCv>
beforeEach(async () => {
  simulator = await startCvSimulator({ apiKey: 'cv-key' })
  const guard = createGuard({ service: 'cv', timeoutMs: 5_000 })
  cv = createHttpCv({ url: simulator.url, apiKey: 'cv-key', guard })
})
afterEach(async () => {
  await cv.close()
  await simulator.close()
})

it('gives what a room looked like last, with its time in UTC', async () => {
  simulator.show('201', { looks: 'dirty', confidence: 0.93, analysed_at: '2025-01-17T15:30:00+07:00' })
  expect(await cv.latestRoomAnalysis('201', signal)).toEqual({
    room_number: '201',
    looks: 'dirty',
    confidence: 0.93,
    analysed_at: '2025-01-17T08:30:00.000Z',
  })
})

it('gives nothing about a room that was never looked at', async () => {
  expect(await cv.latestRoomAnalysis('999', signal)).toBeUndefined()
})

it('asks for exactly this room, however it is called', async () => {
  const seen = { looks: 'clean', confidence: 1, analysed_at: '2025-01-17T08:30:00Z' } as const
  simulator.show('Tầng 2/201?', seen)
  expect(await cv.latestRoomAnalysis('Tầng 2/201?', signal)).toMatchObject({ room_number: 'Tầng 2/201?' })
  await expect(cv.latestRoomAnalysis('..', signal)).rejects.toMatchObject({ code: 'cv_invalid_request' })
})

it('refuses an analysis that cannot be one, or of another room', async () => {
  const unusable = { name: 'GiveUp', code: 'cv_invalid_answer' }
  simulator.show('201', { looks: 'clean', confidence: 1, analysed_at: 'this morning' })
  await expect(cv.latestRoomAnalysis('201', signal)).rejects.toMatchObject(unusable)
  const seen = {
    looks: 'clean',
    confidence: 1,
    analysed_at: '2025-01-17T08:30:00Z',
    room_number: '202',
  } as const
  simulator.show('201', seen)
  await expect(cv.latestRoomAnalysis('201', signal)).rejects.toMatchObject(unusable)
})
