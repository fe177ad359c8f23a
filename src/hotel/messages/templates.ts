/** The texts that guests get. The adapter is `message-files.ts`. */
import type { GuestTemplate, MessageLanguage } from './guest-notification.parameters.ts'

/** One message in all its forms. */
export interface RenderedMessage {
  /** One line. */
  subject: string
  /** An email's plain text. */
  text: string
  /** An email's whole page. */
  html: string
  /** For SMS and WhatsApp: at most 300 characters. */
  short: string
}

/** What a task that writes to guests is given. */
export interface TemplateDeps {
  templates: Templates
}

export interface Templates {
  /** Throws GiveUp (`template_variable_missing`, naming it) when the text needs a variable that is not there. */
  render(
    template: GuestTemplate,
    language: MessageLanguage,
    variables: Readonly<Record<string, string>>,
  ): RenderedMessage
  /** A plain text of somebody else's, escaped, in the same page. */
  frame(language: MessageLanguage, written: { subject: string; body: string }): { text: string; html: string }
}
