/** A timing as a plain sentence. */
import cronstrue from 'cronstrue/i18n.js'
import { wallClockAt } from '../../time/local-time.ts'
import type { Timing } from './timing.ts'

export type Language = 'en' | 'vi'

/** On a 24-hour clock, with the timezone: 'At 02:30, Monday through Friday (Asia/Ho_Chi_Minh)'. Check the timing first. */
export function describeTiming(timing: Timing, language: Language): string {
  return `${sentence(timing, language)} (${timing.timezone})`
}

function sentence(timing: Timing, language: Language): string {
  switch (timing.type) {
    case 'cron':
      return cronstrue.default.toString(timing.cron, { locale: language, use24HourTimeFormat: true })
    case 'interval': {
      const every = duration(timing.every_seconds, language)
      const from = localMinute(timing.anchor, timing.timezone)
      return language === 'vi' ? `Mỗi ${every}, tính từ ${from}` : `Every ${every}, counted from ${from}`
    }
    case 'once': {
      const time = localMinute(timing.at, timing.timezone)
      return language === 'vi' ? `Một lần, vào ${time}` : `Once, at ${time}`
    }
  }
}

const UNITS = [
  { seconds: 86_400, en: 'day', vi: 'ngày' },
  { seconds: 3_600, en: 'hour', vi: 'giờ' },
  { seconds: 60, en: 'minute', vi: 'phút' },
  { seconds: 1, en: 'second', vi: 'giây' },
]

/** '1 hour 30 minutes', '2 giờ'; 'hour' alone where it is one. */
function duration(seconds: number, language: Language): string {
  let left = seconds
  const parts: string[] = []
  for (const unit of UNITS) {
    const count = Math.floor(left / unit.seconds)
    left -= count * unit.seconds
    const plural = language === 'en' && count > 1 ? 's' : ''
    if (count > 0) parts.push(`${count} ${unit[language]}${plural}`)
  }
  const [first = ''] = parts
  return parts.length === 1 && first.startsWith('1 ') ? first.slice(2) : parts.join(' ')
}

/** '2026-01-18 02:00' */
function localMinute(at: Date, timezone: string): string {
  return wallClockAt(at, timezone).text.slice(0, 16).replace('T', ' ')
}
