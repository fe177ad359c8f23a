import { escapeForSlack } from './slack-text.rules.ts'

/** The message to the duty manager when something was begun and could not be taken back. Values are escaped for Slack. */
export function halfUndoneText(
  channel: 'slack' | 'sms',
  { what, bookingId, runId }: { what: string; bookingId: string; runId: string },
): string {
  if (channel === 'sms')
    return `${what} of booking ${bookingId} could not be undone. Please check it. Run ${runId}`
  return [
    '⚠ *Half done, please check*',
    '',
    `${what} of booking ${escapeForSlack(bookingId)} failed, and not all of it could be undone.`,
    `Run: ${runId}`,
  ].join('\n')
}
