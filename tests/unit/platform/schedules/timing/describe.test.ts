import { describe, expect, it } from 'vitest'
import { describeTiming } from '../../../../../src/platform/schedules/timing/describe.ts'
import type { Timing } from '../../../../../src/platform/schedules/timing/timing.ts'

const timezone = 'Asia/Ho_Chi_Minh'

function says(timing: Timing, en: string, vi: string) {
  expect(describeTiming(timing, 'en')).toBe(`${en} (${timezone})`)
  expect(describeTiming(timing, 'vi')).toBe(`${vi} (${timezone})`)
}

describe('a cron in words', () => {
  it.each([
    ['30 2 * * *', 'At 02:30, every day', 'Lúc 02:30, hằng ngày'],
    ['0 8,20 * * *', 'At 08:00 and 20:00, every day', 'Lúc 08:00 và 20:00, hằng ngày'],
    [
      '*/15 7-22 * * *',
      'Every 15 minutes, between 07:00 and 22:59',
      'Cứ 15 phút một lần, từ 07:00 đến 22:59',
    ],
    ['0 * * * *', 'Every hour', 'Mỗi giờ'],
    ['30 * * * *', 'At 30 minutes past the hour', 'Vào phút 30 của mỗi giờ'],
    [
      '0 9-17 * * 1-5',
      'Every hour, between 09:00 and 17:00, Monday through Friday',
      'Mỗi giờ, từ 09:00 đến 17:00, từ thứ Hai đến thứ Sáu',
    ],
    [
      '*/20 9,14 * * *',
      'Every 20 minutes, at 09:00 and 14:00',
      'Cứ 20 phút một lần, trong khung giờ 09:00 và 14:00',
    ],
    [
      '5-55/10 * * * *',
      'Every 10 minutes, minutes 5 through 55 past the hour',
      'Cứ 10 phút một lần, từ phút 5 đến phút 55 của mỗi giờ',
    ],
    [
      '30 */2 * * *',
      'At 30 minutes past the hour, every 2 hours, every day',
      'Vào phút 30, cứ 2 giờ một lần, hằng ngày',
    ],
    ['0 6 * * mon', 'At 06:00, only on Monday', 'Lúc 06:00, vào thứ Hai hằng tuần'],
    [
      '0 6 * * mon,wed,fri',
      'At 06:00, only on Monday, Wednesday, and Friday',
      'Lúc 06:00, vào thứ Hai, thứ Tư và thứ Sáu hằng tuần',
    ],
    [
      '0 9 * * sat,sun',
      'At 09:00, only on Saturday and Sunday',
      'Lúc 09:00, vào thứ Bảy và Chủ nhật hằng tuần',
    ],
    [
      '0 0 * * mon#1',
      'At 00:00, on the first Monday of the month',
      'Lúc 00:00, vào thứ Hai đầu tiên trong tháng',
    ],
    [
      '0 0 * * 1#1,1#3',
      'At 00:00, on the first Monday and third Monday of the month',
      'Lúc 00:00, vào thứ Hai đầu tiên và thứ Hai lần thứ 3 trong tháng',
    ],
    [
      '0 0 * * 5L',
      'At 00:00, on the last Friday of the month',
      'Lúc 00:00, vào thứ Sáu cuối cùng trong tháng',
    ],
    ['30 4 L * *', 'At 04:30, on the last day of the month', 'Lúc 04:30, vào ngày cuối tháng'],
    [
      '0 0 15W * *',
      'At 00:00, on the weekday nearest day 15 of the month',
      'Lúc 00:00, vào ngày làm việc gần ngày 15 nhất trong tháng',
    ],
    [
      '0 0 LW * *',
      'At 00:00, on the last weekday of the month',
      'Lúc 00:00, vào ngày làm việc cuối cùng trong tháng',
    ],
    ['0 9 1 * *', 'At 09:00, on day 1 of the month', 'Lúc 09:00, vào ngày 1 hằng tháng'],
    ['0 0 1,15 * *', 'At 00:00, on day 1 and 15 of the month', 'Lúc 00:00, vào ngày 1 và 15 hằng tháng'],
    [
      '0 0 1-7 jun-aug *',
      'At 00:00, between day 1 and 7 of the month, June through August',
      'Lúc 00:00, từ ngày 1 đến ngày 7, từ tháng 6 đến tháng 8',
    ],
    [
      '0 0 1 jan,jul *',
      'At 00:00, on day 1 of the month, only in January and July',
      'Lúc 00:00, vào ngày 1, chỉ trong tháng 1 và tháng 7',
    ],
    [
      '0 0 1 */3 *',
      'At 00:00, on day 1 of the month, every 3 months',
      'Lúc 00:00, vào ngày 1, cứ 3 tháng một lần',
    ],
    [
      '0 0 1 * 1',
      'At 00:00, on day 1 of the month, and on Monday',
      'Lúc 00:00, vào ngày 1 hằng tháng, và cả thứ Hai hằng tuần',
    ],
    [
      '0 0 1 * 1-5',
      'At 00:00, on day 1 of the month, and Monday through Friday',
      'Lúc 00:00, vào ngày 1 hằng tháng, và cả từ thứ Hai đến thứ Sáu',
    ],
    [
      '0 0 1 * mon#1',
      'At 00:00, on day 1 of the month, and on the first Monday of the month',
      'Lúc 00:00, vào ngày 1 hằng tháng, và cả thứ Hai đầu tiên trong tháng',
    ],
    ['@daily', 'At 00:00, every day', 'Lúc 00:00, hằng ngày'],
    [
      '@yearly',
      'At 00:00, on day 1 of the month, only in January',
      'Lúc 00:00, vào ngày 1, chỉ trong tháng 1',
    ],
    ['0 0 ? * mon', 'At 00:00, only on Monday', 'Lúc 00:00, vào thứ Hai hằng tuần'],
    ['0 0 10W,20W * *', 'By the cron expression 0 0 10W,20W * *', 'Theo biểu thức cron 0 0 10W,20W * *'],
    ['0 0 * * 1-5#2', 'By the cron expression 0 0 * * 1-5#2', 'Theo biểu thức cron 0 0 * * 1-5#2'],
  ])('%s', (cron, en, vi) => {
    says({ type: 'cron', cron, timezone }, en, vi)
  })
})

describe('other timings in words', () => {
  const at = new Date('2026-01-18T02:00:00Z')

  it.each([
    [10, 'Every 10 seconds', 'Cứ 10 giây một lần'],
    [60, 'Every minute', 'Cứ 1 phút một lần'],
    [5_400, 'Every 1 hour 30 minutes', 'Cứ 1 giờ 30 phút một lần'],
    [172_800, 'Every 2 days', 'Cứ 2 ngày một lần'],
  ])('an interval of %s s', (every_seconds, en, vi) => {
    const timing: Timing = { type: 'interval', every_seconds, anchor: at, timezone }
    says(timing, `${en}, counted from 2026-01-18 09:00`, `${vi}, tính từ 09:00 ngày 18/01/2026`)
  })

  it('once', () => {
    says({ type: 'once', at, timezone }, 'Once, at 2026-01-18 09:00', 'Một lần, lúc 09:00 ngày 18/01/2026')
  })
})
