import { z } from 'zod'

/** An IANA name whose rules this machine knows. */
export const Timezone = z.string().min(1).max(100).refine(isTimezone, {
  message: 'must be an IANA timezone, for example Asia/Ho_Chi_Minh',
})

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
