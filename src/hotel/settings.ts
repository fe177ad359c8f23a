/** The hotel's settings, with their defaults: its habits, and the services that only a hotel has. */

import { z } from 'zod'
import { Timezone } from '../platform/contract/timezone.ts'
import { CLOCK, ClockTime, number, oneOf, PhoneNumber, webUrl, whole } from '../platform/setting-kinds.ts'

const QuietHours = z.string().transform((text, context) => {
  const [from = '', to = ''] = text.split('-')
  if (CLOCK.test(from) && CLOCK.test(to)) return { from, to }
  context.addIssue({ code: 'custom', message: 'must read 22:00-07:00' })
  return z.NEVER
})

export const HOTEL_SETTINGS = {
  HOTEL_TIMEZONE: Timezone.default('Asia/Ho_Chi_Minh'),
  ATTENDANCE_MIN_CONFIDENCE: number(0, 1).default(0.7),
  ATTENDANCE_GRACE_MINUTES: whole(0, 240).default(5),
  HOTEL_NAME: z.string().min(1).max(100).default('The hotel'),
  HOTEL_LANGUAGE: oneOf('vi', 'en').default('vi'),
  HOTEL_CURRENCY: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be three capital letters, for example VND')
    .default('VND'),
  NIGHT_AUDIT_AT: ClockTime.default('03:00'),
  CHECK_IN_TIME: ClockTime.default('14:00'),
  CHECK_OUT_TIME: ClockTime.default('12:00'),
  QUIET_HOURS: QuietHours.default({ from: '22:00', to: '07:00' }),
  ROOM_INSPECTION: oneOf('yes', 'no').default('no'),
  ROOMS_FROM_EVENTS: oneOf('auto', 'yes', 'no').default('auto'),
  ROOM_READY_DELAY_SECONDS: whole(0, 3_600).default(120),
  GUEST_REQUEST_MINUTES: number(0.01, 1_440).default(30),
  ANOMALY_WINDOW_MINUTES: number(0, 10_080).default(30),
  ANOMALY_ACKNOWLEDGE_MINUTES: number(0.01, 1_440).default(15),
  DUTY_MANAGER_SLACK: z.string().min(1).optional(),
  DUTY_MANAGER_PHONE: PhoneNumber.optional(),
  HOUSEKEEPING_SHIFT_MINUTES: whole(30, 720).default(420),
  HOUSEKEEPING_MAX_ROOMS: whole(1, 60).default(16),
  LLM_URL: webUrl.optional(),
  LLM_API_KEY: z.string().min(1).optional(),
  ML_URL: webUrl.optional(),
  ML_API_KEY: z.string().min(1).optional(),
  CV_URL: webUrl.optional(),
  CV_API_KEY: z.string().min(1).optional(),
  PMS_KIND: oneOf('cloudbeds', 'rest').default('cloudbeds'),
  PMS_URL: webUrl.optional(),
  PMS_API_KEY: z.string().min(1).optional(),
  PMS_PROPERTY_ID: z.string().min(1).optional(),
}
