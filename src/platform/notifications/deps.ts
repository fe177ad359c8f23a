import type { Email } from '../channels/email/email.ts'
import type { Slack } from '../channels/slack/slack.ts'
import type { TextMessages } from '../channels/sms/text-messages.ts'
import type { Notified } from '../contract/notification.ts'

/** Undefined: no credentials; the channel is a sandbox, where everything happens but the sending. */
export interface ChannelDeps {
  slack: Slack | undefined
  email: Email | undefined
  sms: TextMessages | undefined
  whatsapp: TextMessages | undefined
  notified: Notified
}
