/** A timing as a plain sentence. */
import cronstrue from 'cronstrue'
import { wallClockAt } from '../../time/local-time.ts'
import { readCron } from './cron-pattern.ts'
import type { Timing } from './timing.ts'
import { inOrder, VIETNAMESE } from './vietnamese.ts'

export type Language = 'en' | 'vi'

/** Where it is, whether the loader unwraps its default export or not. */
const describer = cronstrue.default ?? (cronstrue as unknown as typeof cronstrue.default)
describer.locales.vi = VIETNAMESE

/** On a 24-hour clock, with the timezone: 'At 02:30, Monday through Friday (Asia/Ho_Chi_Minh)'. Check the timing first. */
export function describeTiming(timing: Timing, language: Language): string {
  return `${sentence(timing, language)} (${timing.timezone})`
}

function sentence(timing: Timing, language: Language): string {
  switch (timing.type) {
    case 'cron':
      return cronSentence(timing.cron, language)
    case 'interval': {
      const from = localMinute(timing.anchor, timing.timezone, language)
      const every = duration(timing.every_seconds, language)
      return language === 'vi'
        ? `Cứ ${every} một lần, tính từ ${from}`
        : `Every ${every}, counted from ${from}`
    }
    case 'once': {
      const time = localMinute(timing.at, timing.timezone, language)
      return language === 'vi' ? `Một lần, lúc ${time}` : `Once, at ${time}`
    }
  }
}

function cronSentence(cron: string, language: Language): string {
  // Its long form adds 'every day', which a time of the day needs to be a sentence.
  const options = { locale: language, use24HourTimeFormat: true, verbose: readCron(cron).isTimeOfDay }
  try {
    if (UNSAID.test(cron)) throw new Error('It cannot be said.')
    const said = describer.toString(cron, options)
    // Days of the month and of the week are those of either.
    return language === 'vi' ? inOrder(said) : said.replace(/(month), (?=on the |\w+day through)/, '$1, and ')
  } catch {
    return `${language === 'vi' ? 'Theo biểu thức cron' : 'By the cron expression'} ${cron}`
  }
}

/** What cronstrue refuses (`10W,20W`), says wrongly (`mon-fri#2`), or without sense (`5,*\/20`). */
const UNSAID = /\dW,|,\d+W|-\w+#|-\w+L\b|,\S*\/|\/\S*,/i

const UNITS = [
  { seconds: 86_400, en: 'day', vi: 'ngày' },
  { seconds: 3_600, en: 'hour', vi: 'giờ' },
  { seconds: 60, en: 'minute', vi: 'phút' },
  { seconds: 1, en: 'second', vi: 'giây' },
]

/** '1 hour 30 minutes'; of one unit alone 'hour'. In Vietnamese with its number: '1 giờ'. */
function duration(seconds: number, language: Language): string {
  let left = seconds
  const parts: string[] = []
  for (const unit of UNITS) {
    const count = Math.floor(left / unit.seconds)
    left -= count * unit.seconds
    const plural = language === 'en' && count > 1 ? 's' : ''
    if (count > 0) parts.push(`${count} ${unit[language]}${plural}`)
  }
  const text = parts.join(' ')
  return language === 'en' && parts.length === 1 ? text.replace(/^1 /, '') : text
}

/** '2026-01-18 02:00', '02:00 ngày 18/01/2026'. */
function localMinute(at: Date, timezone: string, language: Language): string {
  const { text } = wallClockAt(at, timezone)
  const [date, time] = [text.slice(0, 10), text.slice(11, 16)]
  return language === 'vi' ? `${time} ngày ${date.split('-').reverse().join('/')}` : `${date} ${time}`
}
