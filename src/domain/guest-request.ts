/** What a guest asks for and whose work it is, read from plain words; and what the staff is told about it. */
import { escapeForSlack, quotedForSlack } from './slack-text.ts'

export const DEPARTMENTS = [
  'Front Office',
  'Housekeeping',
  'Food & Beverage',
  'Kitchen',
  'Security',
  'Engineering',
] as const
type Department = (typeof DEPARTMENTS)[number]

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

interface Topic {
  category: string
  department: Department
  /**
   * Vietnamese and English, matched as whole words. Several words are matched without marks, since many type without
   * them and those who do set them differently; a single word with its marks: `trà` is tea, and `trả` is not.
   */
  words: readonly string[]
}

/** Of two topics that fit equally well, the earlier one. */
const TOPICS: readonly Topic[] = [
  {
    category: 'safety',
    department: 'Security',
    words: [
      'trộm',
      'mất cắp',
      'mất đồ',
      'người lạ',
      'đánh nhau',
      'quấy rối',
      'theft',
      'stolen',
      'stole',
      'thief',
    ].concat(['stranger', 'intruder', 'harass', 'harassed', 'fight', 'fighting', 'lost my', 'unsafe']),
  },
  {
    category: 'maintenance',
    department: 'Engineering',
    words: [
      'điều hoà',
      'máy lạnh',
      'hỏng',
      'hư',
      'rò rỉ',
      'rỉ nước',
      'dột',
      'ngập',
      'mất điện',
      'cúp điện',
      'bóng đèn',
    ]
      .concat(['vòi nước', 'nước nóng', 'bồn cầu', 'tắc', 'nghẹt', 'tivi', 'ổ cắm', 'thang máy', 'két sắt'])
      .concat([
        'air con',
        'aircon',
        'air conditioner',
        'air conditioning',
        'broken',
        'not working',
        'leak',
        'leaking',
      ])
      .concat([
        'flood',
        'flooding',
        'power',
        'light bulb',
        'hot water',
        'toilet',
        'clogged',
        'blocked',
        'tv',
        'socket',
      ])
      .concat(['lift', 'elevator', 'heater', 'repair', 'fix']),
  },
  {
    category: 'towels',
    department: 'Housekeeping',
    words: ['khăn', 'khăn tắm', 'khăn mặt', 'towel', 'towels', 'bathrobe', 'áo choàng'],
  },
  {
    category: 'bedding',
    department: 'Housekeeping',
    words: [
      'gối',
      'chăn',
      'mền',
      'ga giường',
      'drap',
      'pillow',
      'pillows',
      'blanket',
      'blankets',
      'sheet',
      'sheets',
    ].concat(['giường phụ', 'extra bed', 'crib', 'nôi']),
  },
  {
    category: 'amenities',
    department: 'Housekeeping',
    words: ['xà phòng', 'dầu gội', 'sữa tắm', 'bàn chải', 'kem đánh răng', 'giấy vệ sinh', 'dép', 'nước suối']
      .concat([
        'soap',
        'shampoo',
        'toothbrush',
        'toothpaste',
        'toilet paper',
        'slippers',
        'amenities',
        'bottled water',
      ])
      .concat(['máy sấy', 'hair dryer', 'bàn ủi', 'bàn là', 'iron', 'hanger', 'hangers']),
  },
  {
    category: 'cleaning',
    department: 'Housekeeping',
    words: [
      'dọn phòng',
      'dọn dẹp',
      'làm phòng',
      'lau',
      'bẩn',
      'dơ',
      'rác',
      'giặt',
      'giặt ủi',
      'clean',
      'cleaning',
    ].concat(['dirty', 'make up', 'trash', 'rubbish', 'garbage', 'laundry', 'vacuum', 'smell', 'smells']),
  },
  {
    category: 'food',
    department: 'Food & Beverage',
    words: [
      'đồ ăn',
      'thức ăn',
      'món ăn',
      'ăn sáng',
      'ăn trưa',
      'ăn tối',
      'bữa',
      'thực đơn',
      'cà phê',
      'trà',
      'bia',
    ]
      .concat([
        'rượu',
        'đói',
        'phở',
        'bánh mì',
        'food',
        'breakfast',
        'lunch',
        'dinner',
        'menu',
        'coffee',
        'tea',
        'beer',
      ])
      .concat([
        'wine',
        'room service',
        'restaurant',
        'nhà hàng',
        'table',
        'hungry',
        'drink',
        'drinks',
        'minibar',
      ]),
  },
]

const OTHER = { category: 'other', department: 'Front Office' } as const

const URGENT = [
  'khẩn cấp',
  'cấp cứu',
  'cháy',
  'khói',
  'ngập',
  'rò rỉ',
  'chảy máu',
  'kẹt',
  'điện giật',
  'gấp',
  'trộm',
]
  .concat([
    'emergency',
    'urgent',
    'urgently',
    'fire',
    'smoke',
    'flood',
    'flooding',
    'leak',
    'leaking',
    'bleeding',
  ])
  .concat(['stuck', 'trapped', 'ambulance', 'doctor', 'stolen', 'intruder', 'immediately', 'asap'])
const UNHURRIED = [
  'khi nào rảnh',
  'không gấp',
  'lúc nào cũng được',
  'no rush',
  'no hurry',
  'not urgent',
].concat(['whenever', 'when convenient'])

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
    `To be finished within ${news.minutes} minutes (run ${news.runId}, signal task_finished).`,
  ].join('\n')
}

/** For the duty manager, in Slack's markup. */
export function overdueText(news: RequestNews): string {
  return [
    `⏰ *Guest request not finished*: ${escapeForSlack(news.category)} (${escapeForSlack(news.department)})`,
    ...aboutRequest(news),
    `Open for ${news.minutes} minutes (run ${news.runId}, signal task_finished).`,
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
