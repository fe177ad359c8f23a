/** The next times of a schedule, as a person looks at them: which of them run, and what is special about each. */
import { DAY_MS, passOf } from './clock-changes.ts'
import type { Language } from './describe.ts'
import { occurrencesAfter } from './occurrences.ts'
import type { Occurrence, Timing } from './timing.ts'

interface Closed {
  reason: string
  detail: string
}

export interface PreviewOptions {
  /** Strictly after this. */
  after: Date
  /** Up to so many that run, 1000 at most; those that are closed between them are listed too. */
  count: number
  closed?: (at: Date) => Closed | undefined
  until?: Date | undefined
  language: Language
}

export interface PreviewTime {
  key: string
  at: Date
  runs: boolean
  notes: string[]
}

const MOST = 1_000
/** Nobody knows what clocks do later. */
const AHEAD_MS = 100 * 366 * DAY_MS

/** `truncated`: why there are fewer than asked for, although there might be more. */
export function previewTimes(
  timing: Timing,
  options: PreviewOptions,
): { times: PreviewTime[]; truncated?: string } {
  const { after, until, language, closed = () => undefined } = options
  const count = Math.min(options.count, MOST)
  const farAhead = new Date(after.getTime() + AHEAD_MS)
  const say = WORDS[language]
  const times: PreviewTime[] = []
  let runs = 0
  for (const occurrence of occurrencesAfter(timing, after)) {
    if (until && occurrence.at > until) return { times }
    if (occurrence.at > farAhead) return { times, truncated: say.farAhead }
    if (times.length === MOST) return { times, truncated: say.tooMany(MOST) }
    const why = closed(occurrence.at)
    times.push(previewOf(occurrence, timing.timezone, why, language))
    if (why === undefined) runs += 1
    if (runs === count) return { times }
  }
  return { times }
}

function previewOf(
  { key, at, moved }: Occurrence,
  timezone: string,
  closed: Closed | undefined,
  language: Language,
) {
  const say = WORDS[language]
  const notes: string[] = []
  const pass = passOf(at.getTime(), timezone)
  if (moved) notes.push(say.moved(key.slice(11, 16)))
  else if (pass) notes.push(say[pass])
  if (closed !== undefined) notes.push(say.closed(closed))
  return { key, at, runs: closed === undefined, notes }
}

const WORDS = {
  en: {
    moved: (time: string) => `The clocks skip ${time} on this day: it comes at the first time after.`,
    first: 'The clocks show this time twice: this is the first.',
    second: 'The clocks show this time twice: this is the second.',
    closed: ({ detail }: Closed) => `Does not run: ${detail}`,
    farAhead: 'Later times are more than a hundred years ahead.',
    tooMany: (most: number) => `Only the first ${most} times were looked at.`,
  },
  vi: {
    moved: (time: string) => `Hôm đó đồng hồ bỏ qua ${time}: chạy vào thời điểm đầu tiên sau đó.`,
    first: 'Hôm đó giờ này xuất hiện hai lần do chỉnh đồng hồ: đây là lần đầu.',
    second: 'Hôm đó giờ này xuất hiện hai lần do chỉnh đồng hồ: đây là lần thứ hai.',
    closed: ({ reason, detail }: Closed) =>
      reason === 'blackout'
        ? `Không chạy: trong thời gian tạm ngừng ${detail.replace('Blackout ', '').replace(' to ', ' đến ')}`
        : `Không chạy: ngày nghỉ (${detail})`,
    farAhead: 'Các lần sau còn hơn một trăm năm nữa.',
    tooMany: (most: number) => `Chỉ xét ${most} lần đầu tiên.`,
  },
}
