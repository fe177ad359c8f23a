/** What a guest asks for and whose work it is, read from plain words; and what the staff is told about it. */

import { escapeForSlack, quotedForSlack } from '../messages/slack-text.rules.ts'
import { inMinutes } from '../plain-text.ts'
import { OTHER, TOPICS, type Topic, UNHURRIED, URGENT } from './request-words.rules.ts'

export interface RequestKind {
  /** `towels`, `maintenance`, `food`, ... */
  category: string
  department: string
  urgency: 'low' | 'normal' | 'high'
}

/** Below it, the words themselves are the better guess. */
const LEAST_CONFIDENCE = 0.5

export function isSureKind({ confidence }: { confidence: number }): boolean {
  return confidence >= LEAST_CONFIDENCE
}

/** The topic most words of which occur. What nobody else is named for is the front office's. */
export function kindByWords(text: string): RequestKind {
  const written = wordsOf(text)
  const plain = withoutMarks(written)
  const occurs = (word: string) =>
    word.includes(' ') ? plain.includes(withoutMarks(wordsOf(word))) : written.includes(wordsOf(word))
  const hits = (words: readonly string[]) => words.filter(occurs).length
  let best: { topic: Pick<Topic, 'category' | 'department'>; found: number } = { topic: OTHER, found: 0 }
  for (const topic of TOPICS) {
    const found = hits(topic.words)
    if (found > best.found) best = { topic, found }
  }
  const { category, department } = best.topic
  const urgency = hits(UNHURRIED) > 0 ? 'low' : hits(URGENT) > 0 ? 'high' : 'normal'
  return { category, department, urgency }
}

/** Lower case, one space before and after each word: ' khăn tắm '. */
function wordsOf(text: string): string {
  const words =
    text
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  return ` ${words.join(' ')} `
}

function withoutMarks(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').replaceAll('đ', 'd')
}

/** What the staff is told. `runId` takes the signal `task_finished`. */
export interface RequestNews extends RequestKind {
  roomNumber: string | null
  text: string
  minutes: number
  runId: string
}

/** For the department, in Slack's markup. */
export function requestText(news: RequestNews): string {
  return [
    `${news.urgency === 'high' ? '🚨 *Urgent guest request*' : '🛎 *Guest request*'}: ${escapeForSlack(news.category)}`,
    ...aboutRequest(news),
    `To be finished within ${inMinutes(news.minutes)} (run ${news.runId}, signal task_finished).`,
  ].join('\n')
}

/** For the duty manager, in Slack's markup. */
export function overdueText(news: RequestNews): string {
  return [
    `⏰ *Guest request not finished*: ${escapeForSlack(news.category)} (${escapeForSlack(news.department)})`,
    ...aboutRequest(news),
    `Open for ${inMinutes(news.minutes)} (run ${news.runId}, signal task_finished).`,
  ].join('\n')
}

/** For the duty manager's phone: where, and whose work. What the guest wrote stays in Slack. */
export function overdueSms({ category, department, roomNumber, minutes }: RequestNews): string {
  const where = roomNumber === null ? '' : `, room ${roomNumber}`
  return `Guest request not finished after ${minutes} min: ${category}${where}. Department: ${department}.`
}

function aboutRequest({ roomNumber, text }: RequestNews): string[] {
  const room = roomNumber === null ? [] : [`Room: ${escapeForSlack(roomNumber)}`]
  return [...room, quotedForSlack(text)]
}
