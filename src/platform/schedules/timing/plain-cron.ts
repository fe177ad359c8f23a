/**
 * The same times, written so that cronstrue reads them as croner does: `@Daily`, `?`, `mon#L` it refuses, `5-5` and `0-23` it
 * says clumsily, and "every 7 minutes" of `*\/7`, whose last is followed by another after 4, is not true: they are listed.
 */
export function plainCron(cron: string): string {
  const text = cron.trim()
  if (text.startsWith('@')) return text.toLowerCase()
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = text
    .replaceAll('?', '*')
    .replaceAll(/#L/gi, 'L')
    .replace(/(?<!\w)(\w+)-\1(?!\w)(\/\d+)?/g, '$1')
    .split(/ +/)
  return [
    evenly(minute, 0, 59),
    evenly(hour, 0, 23),
    day,
    evenly(month, 1, 12),
    evenly(weekday.replace('0-7', '0-6'), 0, 6),
  ].join(' ')
}

function evenly(field: string, first: number, last: number): string {
  if (field === `${first}-${last}`) return '*'
  const count = last - first + 1
  const step = Number(/^\*\/(\d+)$/.exec(field)?.[1] ?? 1)
  if (count % step === 0) return field
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => first + i * step).join(',')
}
