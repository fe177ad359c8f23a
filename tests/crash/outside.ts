/** The services that the hotel depends on, each able to hang, to fail and to ask for a rest. */
import { startOutsideWorld } from '../../simulators/outside-world.ts'
import type { PropertySystemSimulator } from '../../simulators/services/property-system.ts'
import type { ServiceSimulator } from '../../simulators/services/service-simulator.ts'
import type { SlackSimulator } from '../../simulators/services/slack.ts'
import type { SmtpSimulator } from '../../simulators/services/smtp.ts'
import type { TwilioSimulator } from '../../simulators/services/twilio.ts'

/** `hang`: no answer within 30 s. `503`: not now. `429`: not for another two seconds. */
export type Trouble = 'hang' | '503' | '429'
export type ServiceName = 'slack' | 'email' | 'sms' | 'llm' | 'ml' | 'cv' | 'pms'

interface Breakable {
  /** Calls that came in so far, refused ones included; undefined where nobody counts. */
  calls(): number | undefined
  behave(trouble: Trouble | 'ok'): void
}

export interface Outside {
  services: Record<ServiceName, Breakable>
  slack: SlackSimulator
  smtp: SmtpSimulator
  twilio: TwilioSimulator
  pms: PropertySystemSimulator
  /** Environment variables of a service that is to use them. */
  settings: Record<string, string>
  close(): Promise<void>
}

const HANG_MS = 30_000
const REST = { retryAfterSeconds: 2 }

export async function startOutside(): Promise<Outside> {
  const world = await startOutsideWorld('Asia/Ho_Chi_Minh', { style: 'rest', requestsPerSecond: 1_000 })
  const { slack, smtp, twilio, llm, ml, cv, pms, settings, close } = world
  return {
    services: {
      slack: slackBreakable(slack),
      email: emailBreakable(smtp),
      sms: breakable(twilio),
      llm: breakable(llm),
      ml: breakable(ml),
      cv: breakable(cv),
      pms: breakable(pms),
    },
    ...{ slack, smtp, twilio, pms, settings, close },
  }
}

function breakable(simulator: ServiceSimulator): Breakable {
  return {
    calls: () => simulator.requests.length,
    behave(trouble) {
      if (trouble === '503') simulator.behave('error', { status: 503 })
      else if (trouble === '429') simulator.behave('rate_limited', REST)
      else simulator.behave(trouble)
    },
  }
}

function slackBreakable(slack: SlackSimulator): Breakable {
  return {
    calls: slack.calls,
    behave(trouble) {
      if (trouble === 'hang') slack.behave('slow', { delayMs: HANG_MS })
      else if (trouble === '503') slack.behave('error')
      else if (trouble === '429') slack.behave('rate_limited', REST)
      else slack.behave('ok')
    },
  }
}

/** Mail servers know no Retry-After: both refusals are "not now" (451). */
function emailBreakable(smtp: SmtpSimulator): Breakable {
  return {
    calls: () => undefined,
    behave: (trouble) => smtp.behave(trouble === 'ok' || trouble === 'hang' ? trouble : 'unavailable'),
  }
}
