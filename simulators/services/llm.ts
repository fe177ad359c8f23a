import { ClassifyRequestRequest, GenerateEmailRequest } from '../../src/hotel/services/llm/wire.ts'
import { type SimulatorAccess, startHotelService, work } from './hotel-service.ts'
import type { ServiceSimulator } from './service-simulator.ts'

export interface LlmSimulator extends ServiceSimulator {
  /** How many answers were really generated: a repeat of an Idempotency-Key is none. */
  generated(): number
}

/** Writes short messages with the variables in them, and sorts requests by their words. */
export async function startLlmSimulator(access: SimulatorAccess = {}): Promise<LlmSimulator> {
  let generated = 0
  const generate = <Asked>(write: (asked: Asked) => unknown) => {
    return (asked: Asked) => {
      generated += 1
      return { body: write(asked) }
    }
  }
  const simulator = await startHotelService(access, [
    work(/^\/generate_email$/, GenerateEmailRequest, generate(writeEmail)),
    work(/^\/classify_request$/, ClassifyRequestRequest, generate(classify)),
  ])
  return { ...simulator, generated: () => generated }
}

interface Wording {
  greeting: string
  details: string
  thanks: string
  subjects: Record<string, string>
}

const ENGLISH: Wording = {
  greeting: 'Dear',
  details: 'For your information:',
  thanks: 'We look forward to seeing you.',
  subjects: {
    booking_confirmation: 'Your booking is confirmed',
    booking_modified: 'Your booking has been changed',
    booking_cancelled: 'Your booking has been cancelled',
    checkin_ready: 'Your room is ready',
    room_moved: 'Your new room',
    request_received: 'We are taking care of your request',
    request_finished: 'Your request is done',
    checkout_thanks: 'Thank you for staying with us',
  },
}

const VIETNAMESE: Wording = {
  greeting: 'Kính gửi',
  details: 'Thông tin của quý khách:',
  thanks: 'Rất hân hạnh được đón tiếp quý khách.',
  subjects: {
    booking_confirmation: 'Xác nhận đặt phòng',
    booking_modified: 'Đặt phòng đã được thay đổi',
    booking_cancelled: 'Đặt phòng đã được huỷ',
    checkin_ready: 'Phòng của quý khách đã sẵn sàng',
    room_moved: 'Phòng mới của quý khách',
    request_received: 'Chúng tôi đang xử lý yêu cầu của quý khách',
    request_finished: 'Yêu cầu của quý khách đã hoàn thành',
    checkout_thanks: 'Cảm ơn quý khách đã lưu trú',
  },
}

interface EmailAsk {
  template_type: string
  variables: Record<string, string>
  language: string
}

function writeEmail({ template_type, variables, language }: EmailAsk): { subject: string; body: string } {
  const { greeting, details, thanks, subjects } = language === 'vi' ? VIETNAMESE : ENGLISH
  const { guest_name: guest = '', hotel_name: hotel = '', ...facts } = variables
  const subject = subjects[template_type] ?? template_type.replaceAll('_', ' ')
  const lines = Object.entries(facts).map(([name, value]) => `${name.replaceAll('_', ' ')}: ${value}`)
  const paragraphs = [`${greeting} ${guest},`, `${subject}.`]
  if (lines.length > 0) paragraphs.push([details, ...lines].join('\n'))
  return { subject, body: [...paragraphs, thanks, hotel].join('\n\n').trim() }
}

const DEPARTMENTS: { department: string; category: string; words: RegExp }[] = [
  { department: 'Housekeeping', category: 'towels', words: /towel|pillow|blanket|khăn|gối|chăn/ },
  { department: 'Housekeeping', category: 'cleaning', words: /clean|dirty|dọn|bẩn/ },
  {
    department: 'Engineering',
    category: 'maintenance',
    words: /leak|air.?con|light|broken|rò|điều ho[àa]|điều hòa|hỏng/,
  },
  {
    department: 'Food & Beverage',
    category: 'food',
    words: /food|breakfast|hungry|drink|đồ ăn|bữa sáng|nước uống/,
  },
]
const URGENT = /flood|leak|fire|smoke|urgent|ngập|rò|cháy|khói|khẩn/

interface RequestAsk {
  text: string
  departments: string[]
}

function classify({ text, departments }: RequestAsk) {
  const words = text.normalize('NFC').toLowerCase()
  const found = DEPARTMENTS.find((entry) => departments.includes(entry.department) && entry.words.test(words))
  const { department, category } = found ?? { department: otherwise(departments), category: 'other' }
  const urgency = URGENT.test(words) ? 'high' : 'normal'
  return { category, department, urgency, confidence: found ? 0.92 : 0.55 }
}

function otherwise(departments: string[]): string {
  const [first = 'Front Office'] = departments
  return departments.includes('Front Office') ? 'Front Office' : first
}
