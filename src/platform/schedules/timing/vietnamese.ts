/** Cron in Vietnamese, for cronstrue: its own is a translation word by word. */
import type cronstrue from 'cronstrue'

type Locale = (typeof cronstrue.default.locales)[string]

const WEEKLY = 'hằng tuần'
const MONTHLY = 'hằng tháng'
const HOURLY = 'của mỗi giờ'

export const VIETNAMESE: Locale = {
  use24HourTimeFormatByDefault: () => true,
  anErrorOccuredWhenGeneratingTheExpressionD: () => '',
  atSpace: () => 'lúc ',
  at: () => 'lúc',
  spaceAnd: () => ' và',
  everySecond: () => 'mỗi giây',
  everyX0Seconds: () => 'cứ %s giây một lần',
  secondsX0ThroughX1PastTheMinute: () => 'từ giây %s đến giây %s của mỗi phút',
  atX0SecondsPastTheMinute: () => 'vào giây %s của mỗi phút',
  atX0SecondsPastTheMinuteGt20: () => null,
  everyMinute: () => 'mỗi phút',
  everyX0Minutes: () => 'cứ %s phút một lần',
  everyMinuteBetweenX0AndX1: () => 'mỗi phút, từ %s đến %s',
  minutesX0ThroughX1PastTheHour: () => `từ phút %s đến phút %s ${HOURLY}`,
  atX0MinutesPastTheHour: () => `vào phút %s ${HOURLY}`,
  atX0MinutesPastTheHourGt20: () => null,
  onTheHour: () => 'vào đầu giờ',
  everyHour: () => 'mỗi giờ',
  everyX0Hours: () => 'cứ %s giờ một lần',
  betweenX0AndX1: () => 'từ %s đến %s',
  atX0: () => 'trong khung giờ %s',
  commaEveryDay: () => ', hằng ngày',
  commaEveryX0Days: () => ', cứ %s ngày một lần',
  commaBetweenDayX0AndX1OfTheMonth: () => `, từ ngày %s đến ngày %s ${MONTHLY}`,
  commaOnDayX0OfTheMonth: () => `, vào ngày %s ${MONTHLY}`,
  lastDay: () => 'ngày cuối cùng',
  commaOnTheLastDayOfTheMonth: () => ', vào ngày cuối tháng',
  commaOnTheLastWeekdayOfTheMonth: () => ', vào ngày làm việc cuối cùng trong tháng',
  commaDaysBeforeTheLastDayOfTheMonth: () => ', %s ngày trước ngày cuối tháng',
  firstWeekday: () => 'ngày làm việc đầu tiên',
  weekdayNearestDayX0: () => 'ngày làm việc gần ngày %s nhất',
  commaOnTheX0OfTheMonth: () => ', vào %s trong tháng',
  commaEveryX0DaysOfTheWeek: () => ', cứ %s ngày một lần trong tuần',
  commaX0ThroughX1: () => ', từ %s đến %s',
  commaAndX0ThroughX1: () => ', và cả từ %s đến %s',
  commaOnlyOnX0: () => `, vào %s ${WEEKLY}`,
  commaAndOnX0: () => `, và cả %s ${WEEKLY}`,
  commaOnThe: () => ', vào',
  first: () => 'đầu tiên',
  second: () => 'lần thứ 2',
  third: () => 'lần thứ 3',
  fourth: () => 'lần thứ 4',
  fifth: () => 'lần thứ 5',
  spaceX0OfTheMonth: () => ' %s trong tháng',
  commaOnTheLastX0OfTheMonth: () => ', vào %s cuối cùng trong tháng',
  commaEveryX0Months: () => ', cứ %s tháng một lần',
  commaMonthX0ThroughMonthX1: () => null,
  commaOnlyInX0: () => ', chỉ trong %s',
  commaEveryX0Years: () => ', cứ %s năm một lần',
  commaYearX0ThroughYearX1: () => null,
  commaStartingX0: () => ', bắt đầu %s',
  daysOfTheWeek: () => ['Chủ nhật', 'thứ Hai', 'thứ Ba', 'thứ Tư', 'thứ Năm', 'thứ Sáu', 'thứ Bảy'],
  monthsOfTheYear: () => Array.from({ length: 12 }, (_, i) => `tháng ${i + 1}`),
}

/** What cronstrue puts in the order of English, says once too often, or separates as English does. */
export function inOrder(sentence: string): string {
  const ordered = sentence
    .replace(/(đầu tiên|lần thứ \d) (thứ \p{L}+|Chủ nhật)/gu, '$2 $1')
    .replace(/, và (?!cả)/g, ' và ')
    .replace(/(tháng), vào (?=(thứ|Chủ))/, '$1, và cả ')
    .replace(/ của mỗi giờ(?=, (cứ \d+ giờ|trong khung giờ))/, '')
  return /, (chỉ trong|cứ \d+|từ) tháng/.test(ordered) ? ordered.replace(` ${MONTHLY}`, '') : ordered
}
