import { describe, expect, it } from 'vitest'
import {
  kindByWords,
  overdueSms,
  overdueText,
  requestText,
} from '../../../../src/hotel/guest-requests/guest-request.rules.ts'
import { TOPICS, UNHURRIED, URGENT } from '../../../../src/hotel/guest-requests/request-words.rules.ts'
import { taskFinished } from '../../../../src/hotel/guest-requests/task-finished.signal.ts'

describe('by words', () => {
  it.each([
    ['Cho tôi xin thêm hai khăn tắm', 'towels', 'Housekeeping', 'normal'],
    ['cho toi xin them 2 khan tam', 'towels', 'Housekeeping', 'normal'],
    ['Could we have two more TOWELS, please?', 'towels', 'Housekeeping', 'normal'],
    ['Điều hoà không mát, hình như hỏng rồi', 'maintenance', 'Engineering', 'normal'],
    ['Nước rò rỉ từ trần nhà', 'maintenance', 'Engineering', 'high'],
    ['The air con is not working', 'maintenance', 'Engineering', 'normal'],
    ['Phòng chưa được dọn dẹp, rất bẩn', 'cleaning', 'Housekeeping', 'normal'],
    ['Một tô phở và cà phê lên phòng', 'food', 'Food & Beverage', 'normal'],
    ['May I have the breakfast menu? No rush', 'food', 'Food & Beverage', 'low'],
    ['Có người lạ trước cửa phòng tôi, khẩn cấp!', 'safety', 'Security', 'high'],
    ['My passport was stolen', 'safety', 'Security', 'high'],
    ['An extra pillow and a blanket', 'bedding', 'Housekeeping', 'normal'],
    ['Tôi muốn trả phòng muộn', 'other', 'Front Office', 'normal'],
    ['toi muon doi phong, goi giup toi taxi', 'other', 'Front Office', 'normal'],
    ['Máy điều hòa phòng tôi', 'maintenance', 'Engineering', 'normal'],
    ['may lanh bi hong', 'maintenance', 'Engineering', 'normal'],
    ['...', 'other', 'Front Office', 'normal'],
  ])('%s', (text, category, department, urgency) => {
    expect(kindByWords(text)).toEqual({ category, department, urgency })
  })

  it.each([
    ...TOPICS.map(({ category, words }) => [category, words] as const),
    ['urgent', URGENT] as const,
    ['unhurried', UNHURRIED] as const,
  ])('no word of %s is missing or counts twice', (_, words) => {
    expect(words.every((word) => /^[\p{L}\p{M}]+( [\p{L}\p{M}]+)*$/u.test(word))).toBe(true)
    expect(words).toHaveLength(new Set(words).size)
  })

  it('counts whole words only', () => {
    // "tea" in "steam", "tv" in "ntv", "fix" in "suffix".
    expect(kindByWords('steam ntv suffix')).toMatchObject({ category: 'other' })
  })

  it('goes by what most of it is about', () => {
    expect(kindByWords('breakfast was late, and we need soap, shampoo and slippers')).toMatchObject({
      category: 'amenities',
    })
  })
})

const NEWS = {
  category: 'towels',
  department: 'Housekeeping',
  urgency: 'normal',
  roomNumber: '201',
  text: 'hai khăn <!channel>\n& xà phòng',
  minutes: 30,
  runId: 'fr_1',
} as const

describe('what the staff is told', () => {
  it('has the guest’s words as a quotation that pages nobody', () => {
    expect(requestText(NEWS).split('\n')).toEqual([
      '🛎 *Guest request*: towels',
      'Room: 201',
      '> hai khăn &lt;!channel&gt;',
      '> &amp; xà phòng',
      'To be finished within 30 minutes (run fr_1, signal task_finished).',
    ])
    expect(requestText({ ...NEWS, urgency: 'high' })).toContain('*Urgent guest request*')
    expect(overdueText(NEWS)).toContain('> hai khăn &lt;!channel&gt;')
  })

  it('counts one minute as one', () => {
    expect(requestText({ ...NEWS, minutes: 1 })).toContain('To be finished within 1 minute (')
    expect(overdueText({ ...NEWS, minutes: 1 })).toContain('Open for 1 minute (')
    expect(overdueText(NEWS)).toContain('Open for 30 minutes (')
  })

  it('a phone gets where and whose, and nothing of what the guest wrote', () => {
    expect(overdueSms(NEWS)).toBe(
      'Guest request not finished after 30 min: towels, room 201. Department: Housekeeping.',
    )
    expect(overdueSms({ ...NEWS, roomNumber: null })).not.toContain('room')
  })
})

it.each([
  [{ finished_by: ' EMP001 ' }, 'EMP001'],
  [{ finished_by: 7 }, '7'],
  [{ finished_by: null }, null],
  [{ by: 'EMP001' }, null],
  [{ finished_by: '' }, null],
  ['EMP001', null],
  ['whatever was sent', null],
  [['EMP001'], null],
  [null, null],
])('who answered, in %j', (payload, name) => {
  expect(taskFinished.payload.parse(payload)).toEqual({ finished_by: name })
})

it('an answer that names nobody by a name is refused, by its field', () => {
  const { error } = taskFinished.payload.safeParse({ finished_by: { id: 'EMP001' } })
  expect(error?.issues).toMatchObject([
    { path: ['finished_by'], message: 'must be the name or the id of a person' },
  ])
})
