import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type CvSimulator, startCvSimulator } from '../../../../simulators/services/cv.ts'
import { type SmtpSimulator, startSmtpSimulator } from '../../../../simulators/services/smtp.ts'
import { businessDate } from '../../../../src/hotel/business-date.ts'
import { loadTemplates } from '../../../../src/hotel/messages/message-files.ts'
import { sendGuestNotification } from '../../../../src/hotel/messages/send-guest-notification.flow.ts'
import {
  type CheckGuestWaitingDeps,
  checkGuestWaiting,
} from '../../../../src/hotel/rooms/check-guest-waiting.flow.ts'
import type { RoomStatusEvent } from '../../../../src/hotel/rooms/room.event.ts'
import { updateRoomStatus } from '../../../../src/hotel/rooms/update-room-status.flow.ts'
import { updateRoomStatusDbFlow } from '../../../../src/hotel/rooms/update-room-status-db.flow.ts'
import { createHttpCv } from '../../../../src/hotel/services/cv/http.ts'
import { createSmtpEmail } from '../../../../src/platform/channels/email/smtp.ts'
import type { AnyFlow } from '../../../../src/platform/engine/flow.ts'
import { childRunId, newRunId } from '../../../../src/platform/engine/ids.ts'
import { createGuard } from '../../../../src/platform/outbound/service-guard.ts'
import { runDetail } from '../../../../src/platform/runs/run-detail.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { type DurableRig, openDurableRig } from '../../../support/durable-rig.ts'
import { HOTEL } from '../../../support/hotel-rules.ts'
import { addRoom, book } from './hotel.ts'

/** The hotel's day begins twelve hours from now: no test runs across it. */
const hour = new Date(Date.now() + 12 * 3_600_000).toISOString().slice(11, 13)
const hotel = {
  ...HOTEL,
  timezone: 'UTC',
  nightAuditAt: `${hour}:00`,
}
const today = businessDate(new Date(), hotel)
/** Before any picture of these tests. */
const timestamp = '2025-01-17T11:00:00Z'

let test: TestDatabase
let rig: DurableRig
let camera: CvSimulator
let mail: SmtpSimulator
let cv: ReturnType<typeof createHttpCv>
let email: ReturnType<typeof createSmtpEmail>
beforeAll(async () => {
  test = await createTestDatabase({ max: 20 })
  camera = await startCvSimulator()
  mail = await startSmtpSimulator()
  // A camera that is down stays so for the test that says so only.
  cv = createHttpCv({
    url: camera.url,
    guard: createGuard({ service: 'cv', timeoutMs: 5_000, failures: 100 }),
  })
  email = createSmtpEmail({
    ...{ url: mail.url, from: 'desk@hotel.example', timeoutMs: 5_000 },
    guard: createGuard({ service: 'email', timeoutMs: 5_000 }),
  })
  const deps: CheckGuestWaitingDeps = {
    ...{ database: test.database, hotel, cv, llm: undefined },
    ...{ email, sms: undefined, whatsapp: undefined, notified() {} },
    templates: await loadTemplates({ hotelName: hotel.name }),
  }
  const flows = [updateRoomStatus, updateRoomStatusDbFlow, checkGuestWaiting, sendGuestNotification]
  rig = await openDurableRig(flows as AnyFlow[], deps, undefined, test)
})
beforeEach(() => {
  camera.behave('ok')
  mail.behave('ok')
})
afterAll(async () => {
  await rig?.close()
  await cv?.close()
  await email?.close()
  await mail?.close()
  await camera?.close()
  await test?.drop()
})

async function happen(event: Omit<RoomStatusEvent, 'timestamp'> & { timestamp?: string }) {
  const runId = newRunId()
  await rig.engine.start({ runId, flow: updateRoomStatus, parameters: { timestamp, ...event } })
  const { status, result } = await rig.ended(runId)
  const children = [0, 1].map((step) => childRunId(runId, 0, step)) as [string, string]
  return { runId, status, result, children }
}
const taskNames = async (runId: string) =>
  (await runDetail(rig.database, runId))?.task_runs.map(({ task_name }) => task_name)
const messagesAbout = (bookingId: string) =>
  rig.database.query<{ status: string; body: string; subject_key: string }>(
    `select n.status, n.body, n.subject_key from prefect.notifications n
     where n.template = 'checkin_ready' and n.subject_key like $1`,
    [`${bookingId}:%`],
  )

describe('a room becomes clean', () => {
  it('and a guest waits: the guest is told, once, by runs whose ids were known before', async () => {
    await addRoom(rig.database, '201', 'dirty')
    await book(rig.database, { id: 'BOOK001', room: '201', on: today })
    const first = await happen({ room_number: '201', new_status: 'clean', updated_by: 'EMP005' })
    expect(first).toMatchObject({
      status: 'completed',
      result: { room_updated: true, guest_notified: true, booking_id: 'BOOK001' },
    })
    const [update, check] = first.children
    expect(await taskNames(first.runId)).toEqual(['update_room_status_db', 'check_guest_waiting'])
    expect(await taskNames(update)).toEqual(['update_room_status_db'])
    expect(await taskNames(check)).toEqual([
      'check_guest_waiting_for_room',
      'sleep',
      'check_guest_waiting_for_room',
      'look_at_room',
      'send_guest_notification',
      'mark_guest_notified',
    ])
    const messages = await messagesAbout('BOOK001')
    expect(messages).toMatchObject([{ status: 'sent', subject_key: `BOOK001:201:${today}` }])
    expect(mail.mailbox('book001@example.com')[0]?.text).toContain('Phòng 201')
    const [booking] = await rig.database.query<{ guest_notified: boolean; sent: boolean }>(
      `select guest_notified, notification_sent_at is not null as sent from bookings where id = 'BOOK001'`,
    )
    expect(booking).toEqual({ guest_notified: true, sent: true })

    const again = await happen({ room_number: '201', new_status: 'clean', timestamp: '2025-01-17T12:00:00Z' })
    expect(again.result).toEqual({ room_updated: true, guest_notified: false })
    expect(mail.mailbox('book001@example.com')).toHaveLength(1)
  })

  it('two reports at the same time tell the guest once', async () => {
    await addRoom(rig.database, '202', 'dirty')
    await book(rig.database, { id: 'BOOK002', room: '202', on: today })
    const reports = ['clean', 'inspected'] as const
    const runs = await Promise.all(reports.map((new_status) => happen({ room_number: '202', new_status })))
    expect(runs.map(({ status }) => status)).toEqual(['completed', 'completed'])
    expect(mail.mailbox('book002@example.com')).toHaveLength(1)
  })

  it('but a camera surely saw it dirty since: nobody is told', async () => {
    await addRoom(rig.database, '203', 'dirty')
    await book(rig.database, { id: 'BOOK003', room: '203', on: today })
    camera.show('203', { looks: 'dirty', confidence: 0.95, analysed_at: '2025-01-17T11:05:00Z' })
    const { result } = await happen({ room_number: '203', new_status: 'clean' })
    expect(result).toEqual({ room_updated: true, guest_notified: false, booking_id: 'BOOK003' })
    expect(await messagesAbout('BOOK003')).toEqual([])
  })

  it('while the cameras are down: the guest is told', async () => {
    camera.behave('unauthorized')
    await addRoom(rig.database, '204', 'dirty')
    await book(rig.database, { id: 'BOOK004', room: '204', on: today })
    const { result } = await happen({ room_number: '204', new_status: 'clean' })
    expect(result).toEqual({ room_updated: true, guest_notified: true, booking_id: 'BOOK004' })
  })

  it('and the guest cannot be reached: the room is updated, the run fails and the booking is not marked', async () => {
    mail.behave('refuse_recipient')
    await addRoom(rig.database, '205', 'dirty')
    await book(rig.database, { id: 'BOOK006', room: '205', on: today })
    const { status, children } = await happen({ room_number: '205', new_status: 'clean' })
    expect(status).toBe('failed')
    expect((await rig.ended(children[0])).result).toMatchObject({ applied: true, status: 'clean' })
    expect(await rig.ended(children[1])).toMatchObject({ status: 'failed', error: { code: 'child_failed' } })
    const text = "select guest_notified from bookings where id = 'BOOK006'"
    expect(await rig.database.query(text)).toEqual([{ guest_notified: false }])
  })
})

describe('what is heard about a room', () => {
  it('too late does not count, and tells nobody of a room that is dirty again', async () => {
    await addRoom(rig.database, '301', 'clean')
    await book(rig.database, { id: 'BOOK005', room: '301', on: today })
    const now = await happen({ room_number: '301', new_status: 'dirty', timestamp: '2025-01-17T12:00:00Z' })
    expect(now.result).toEqual({ room_updated: true, guest_notified: false })
    expect(await taskNames(now.runId)).toEqual(['update_room_status_db'])
    const late = await happen({ room_number: '301', new_status: 'clean' })
    expect(late.result).toEqual({ room_updated: true, guest_notified: false })
    expect((await rig.ended(late.children[0])).result).toMatchObject({ status: 'dirty', superseded: true })
    expect(await rig.logs(late.children[0])).toEqual([
      'it came late, and took its place before what is newer',
    ])
  })

  it('and refused completes, updates nothing, and says why', async () => {
    await addRoom(rig.database, '302', 'dirty')
    const refused = await happen({ room_number: '302', new_status: 'inspected' })
    expect(refused).toMatchObject({
      status: 'completed',
      result: { room_updated: false, guest_notified: false },
    })
    expect((await rig.ended(refused.children[0])).result).toMatchObject({
      applied: false,
      refused: 'not_clean',
    })
    expect((await rig.ended(refused.children[1])).status).toBe('completed')
    expect(await rig.logs(refused.children[0])).toEqual(['refused: not_clean'])
  })
})
