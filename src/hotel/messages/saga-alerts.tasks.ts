import { defineTask } from '../../platform/engine/flow.ts'
import { notifyStaff, type StaffMessageDeps } from '../../platform/notifications/staff-messages.ts'
import type { HotelDeps } from '../deps.ts'
import { subjectsOf } from '../subjects.ts'
import { halfUndoneText } from './saga-alert-text.rules.ts'
import { dutyManagerContacts } from './staff-contacts.tasks.ts'

/** `what`: what was to be done, in words; `bookingId`: whose. */
export interface HalfUndone {
  what: string
  bookingId: string
}

/**
 * Notifies the duty manager, in Slack and by SMS, that something was begun and could not be taken back: a person has to
 * look.
 */
export const alertDutyManager = defineTask<StaffMessageDeps & HotelDeps, HalfUndone, { told: number }>({
  name: 'alert_duty_manager',
  // Nobody else hears of it: more often than other alerts.
  retry: { attempts: 8, firstDelaySeconds: 5, maxDelaySeconds: 300 },
  async run(deps, { what, bookingId }, context) {
    const contacts = dutyManagerContacts(deps.hotel, ['slack', 'sms'])
    if (contacts.length === 0) context.log('nobody to tell: no duty manager is set')
    const about = {
      template: 'saga_undo_failed',
      subjectKey: context.runId,
      subjects: subjectsOf({ booking: bookingId }),
    }
    const undone = { what, bookingId, runId: context.runId }
    const messages = contacts.map((contact) => ({
      ...about,
      ...contact,
      text: halfUndoneText(contact.channel, undone),
    }))
    await notifyStaff(deps, messages, context)
    return { told: contacts.length }
  },
})
