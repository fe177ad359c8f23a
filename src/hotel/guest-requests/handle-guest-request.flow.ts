import type { z } from 'zod'
import { defineFlow, type Flow } from '../../platform/engine/flow.ts'
import type { StaffMessage, StaffMessageDeps } from '../../platform/notifications/staff-messages.ts'
import type { DatabaseDeps, HotelDeps, OutsideDeps } from '../deps.ts'
import type { GuestMessageDeps } from '../messages/guest-messages.tasks.ts'
import type { GuestNotificationRequest, GuestTemplate } from '../messages/guest-notification.parameters.ts'
import { notifyEach } from '../messages/notify-each.flow.ts'
import { notifyGuest } from '../messages/notify-guest.flow.ts'
import { sendGuestNotification } from '../messages/send-guest-notification.flow.ts'
import { instant, orElse } from '../steps.ts'
import { subjectsOf } from '../subjects.ts'
import { GuestRequest } from './guest-request.parameters.ts'
import { kindByWords, overdueSms, overdueText, type RequestKind, requestText } from './guest-request.rules.ts'
import {
  classifyRequest,
  closeRequest,
  escalateRequest,
  finishRequest,
  type OpenedRequest,
  openRequest,
} from './guest-requests.tasks.ts'
import { taskFinished } from './task-finished.signal.ts'

type Deps = DatabaseDeps & HotelDeps & Pick<OutsideDeps, 'llm'> & StaffMessageDeps & GuestMessageDeps

/** What the steps after opening go by. */
interface Matter {
  request: GuestRequest
  kind: RequestKind
  opened: OpenedRequest
}

/**
 * A guest wants something: see that somebody does it.
 *
 *   whose work? ── open ── tell the department ── tell the guest ── wait for task_finished ──┬── done ── ask the guest
 *   LLM, else        │                                                └ too late             │
 *   by words         │                                 page the duty manager ── wait again ──┤
 *                    └ cancelled: close as cancelled                          └ too late ────┴── unanswered
 *
 * A department that nobody can be notified of is escalated at once. Cancelling the run withdraws the request. One that
 * nobody finishes stays escalated.
 */
export const handleGuestRequest = defineFlow({
  name: 'handle_guest_request',
  description: 'Bring a guest’s request to the right department, and escalate it until it is done',
  parameters: GuestRequest,
  subjects: ({ room_number: room, booking_id: booking, guest_id: guest }) =>
    subjectsOf({ room, booking, guest }),
  estimatedMinutes: 30,
  queue: 'events',

  async run(flow: Flow<Deps>, request) {
    const kind = await classify(flow, request)
    const { department, category } = kind
    const { opened, status, escalated } = await flow.saga(async (saga) => {
      const opened = await saga.act(openRequest, { request, kind, at: await instant(flow) }, closeRequest)
      flow.log('request opened', { request_id: opened.requestId, department, category })
      return { opened, ...(await seeToIt(flow, { request, kind, opened })) }
    })
    const done = answerTo(opened, 'request_finished', { request: request.text })
    if (status === 'finished' && done) await notifyGuest(flow, done)
    return { status, request_id: opened.requestId, department, category, escalated }
  },
})

/** The LLM is a help, not a condition. */
async function classify(flow: Flow<Deps>, { text, language }: GuestRequest): Promise<RequestKind> {
  const asked = flow.task(classifyRequest, { text, ...(language === undefined ? {} : { language }) })
  return (await orElse(flow, asked, null, 'the LLM did not answer: sorted by words')) ?? kindByWords(text)
}

async function seeToIt(flow: Flow<Deps>, matter: Matter) {
  const { request, opened } = matter
  const { requestId, minutes, waitSeconds, secondWaitSeconds, answerBy } = opened
  const notified = await notifyEach(flow, supervisorsNews(flow, matter))
  const thanks = answerTo(
    opened,
    'request_received',
    { request: request.text, minutes: `${minutes}` },
    answerBy,
  )
  // Not awaited: at night the message may be held until the morning, and the request must not be.
  if (thanks) await flow.start(sendGuestNotification, thanks)
  let finished = await flow.waitFor(taskFinished, { within: notified === 0 ? 0 : waitSeconds })
  const escalated = finished === undefined
  if (escalated) {
    await flow.task(escalateRequest, { requestId, at: await instant(flow) })
    const paged = await notifyEach(flow, dutyManagersNews(flow, matter))
    flow.log('not finished in time: escalated', { request_id: requestId, paged })
    finished = await flow.waitFor(taskFinished, { within: secondWaitSeconds })
  }
  if (finished === undefined) return { escalated, status: 'unanswered' as const }
  await flow.task(finishRequest, { requestId, by: finished.finished_by, at: await instant(flow) })
  return { escalated, status: 'finished' as const }
}

function supervisorsNews({ runId }: Flow<Deps>, { request, kind, opened }: Matter): StaffMessage[] {
  const text = requestText({ ...kind, ...opened, text: request.text, runId })
  return opened.supervisors.map((contact) => ({ ...contact, ...aboutIt(opened, 'guest_request'), text }))
}

function dutyManagersNews({ runId }: Flow<Deps>, { request, kind, opened }: Matter): StaffMessage[] {
  const news = { ...kind, ...opened, text: request.text, runId }
  return opened.dutyManager.map((contact) => ({
    ...contact,
    ...aboutIt(opened, 'guest_request_overdue'),
    text: contact.channel === 'sms' ? overdueSms(news) : overdueText(news),
  }))
}

function aboutIt({ requestId, roomNumber, bookingId }: OpenedRequest, template: string) {
  return { template, subjectKey: requestId, subjects: subjectsOf({ room: roomNumber, booking: bookingId }) }
}

/** Undefined: of a request out of a room with no known guest there is nobody to notify. */
function answerTo(
  { requestId, bookingId, guestId }: OpenedRequest,
  template: GuestTemplate,
  variables: Record<string, string>,
  expiresAt?: string,
): z.input<typeof GuestNotificationRequest> | undefined {
  if (bookingId === null && guestId === null) return undefined
  return {
    template,
    ...(bookingId === null ? {} : { booking_id: bookingId }),
    ...(guestId === null ? {} : { guest_id: guestId }),
    subject_key: requestId,
    variables,
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
  }
}
