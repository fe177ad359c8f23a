import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  amountInWords,
  channelOrder,
  contactsOf,
  greetingName,
  internationalNumber,
  isOutdated,
  languageFor,
  usableText,
  valuesInWords,
} from '../../../../src/hotel/messages/messages.rules.ts'
import { isEmailAddress } from '../../../../src/platform/contract/email-address.ts'

describe('the language', () => {
  it.each([
    ['vi', null, 'en', 'vi'],
    ['vi-VN', 'US', 'en', 'vi'],
    ['en-GB', 'VN', 'vi', 'en'],
    ['ko', 'VN', 'vi', 'en'],
    [null, 'VN', 'en', 'vi'],
    [null, 'vn', 'en', 'vi'],
    [null, 'FR', 'vi', 'en'],
    [null, null, 'vi', 'vi'],
    [null, null, 'en', 'en'],
    ['', '', 'vi', 'vi'],
  ])('speaks %s, from %s, in a hotel of %s: %s', (language, country, hotel, expected) => {
    expect(languageFor({ language, country }, hotel)).toBe(expected)
  })
})

describe('contacts', () => {
  it.each([
    ['+84 90 123 45 67', null, '+84901234567'],
    ['0084-901-234-567', null, '+84901234567'],
    ['(090) 123.4567', 'VN', '+84901234567'],
    ['090 123 4567', 'FR', undefined],
    ['090 123 4567', null, undefined],
    ['+84-xxx-xxx-xxxx', 'VN', undefined],
    ['+15005550006', 'VN', '+15005550006'],
    ['+123', null, undefined],
    ['', 'VN', undefined],
  ])('%s of %s is %s', (text, country, number) => {
    expect(internationalNumber(text, country)).toBe(number)
  })

  it('are used where they are usable, in the order the guest chose', () => {
    const contacts = contactsOf({ email: ' hoa@khach.vn ', phone: '0901234567', country: 'VN' })
    expect(contacts).toEqual({ email: 'hoa@khach.vn', sms: '+84901234567', whatsapp: '+84901234567' })
    expect(channelOrder(null, contacts)).toEqual(['email', 'sms', 'whatsapp'])
    expect(channelOrder([], contacts)).toEqual(['email', 'sms', 'whatsapp'])
    expect(channelOrder(['whatsapp', 'pigeon', 'email', 'whatsapp'], contacts)).toEqual(['whatsapp', 'email'])
    expect(channelOrder(['sms'], contactsOf({ email: 'hoa@khach.vn', phone: null, country: null }))).toEqual(
      [],
    )
    expect(channelOrder(null, contactsOf({ email: 'none', phone: 'none', country: null }))).toEqual([])
  })

  it.each(['hoa@khach.vn', 'h.o+a@mail.khách-sạn.vn', "o'hara@localhost", 'nguyễn@khach.vn'])(
    '%s is an address',
    (text) => expect(isEmailAddress(text)).toBe(true),
  )
  it.each([
    '',
    'hoa',
    '@khach.vn',
    'hoa@',
    'a@b@c.vn',
    'a b@c.vn',
    'a@c.vn\n',
    'a@c..vn',
    '<a@c.vn>',
    'a@c.vn,b@c.vn',
    `${'a'.repeat(65)}@c.vn`,
  ])('%j is none', (text) => expect(isEmailAddress(text)).toBe(false))

  it('no address that is taken can carry a second header', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (left, right) => {
        for (const end of ['\r', '\n', '\0'])
          expect(isEmailAddress(`a${left}${end}${right}@khach.vn`)).toBe(false)
      }),
    )
  })
})

describe('a message that is no longer true', () => {
  const ready = { template: 'checkin_ready', roomNumber: '201' } as const
  it.each([
    ['confirmed', '201', false],
    ['Confirmed', null, false],
    [null, '201', false],
    ['checked_in', '201', true],
    ['Checked In', '201', true],
    ['in_house', '201', true],
    ['In-House', '201', true],
    ['departed', '201', true],
    ['arrived', '201', false],
    ['CANCELLED', '201', true],
    ['no-show', '201', true],
    ['confirmed', '305', true],
  ])('a room that is ready, the booking %s in %s: %s', (status, roomNumber, outdated) => {
    expect(isOutdated(ready, { status, roomNumber })).toBe(outdated)
  })

  it('a move is outdated by the next one; thanks and cancellations never are', () => {
    const there = { status: 'checked_in', roomNumber: '305' }
    expect(isOutdated({ template: 'room_moved', roomNumber: '305' }, there)).toBe(false)
    expect(isOutdated({ template: 'room_moved', roomNumber: '201' }, there)).toBe(true)
    expect(isOutdated({ template: 'room_moved', roomNumber: undefined }, there)).toBe(false)
    expect(
      isOutdated({ template: 'checkout_thanks', roomNumber: '201' }, { ...there, status: 'cancelled' }),
    ).toBe(false)
  })
})

describe('values', () => {
  it('are written as people of the language do', () => {
    const values = {
      date: '2025-02-01',
      name: ' Hoa\r\nBcc:\u2028x ',
      empty: ' \n',
      no_date: '2025-13-45',
      id: '2025-02-01-7',
      turned: '\u202eaoH\u2066 \u200fHoa',
    }
    expect(valuesInWords(values, 'vi')).toEqual({
      date: 'Thứ Bảy, 01/02/2025',
      name: 'Hoa Bcc: x',
      no_date: '2025-13-45',
      id: '2025-02-01-7',
      turned: 'aoH Hoa',
    })
    expect(valuesInWords(values, 'en').date).toBe('Saturday, 1 February 2025')
    expect(amountInWords('5000000.00', 'VND', 'vi')).toBe('5.000.000\u00a0₫')
    expect(amountInWords('1234.5', 'USD', 'en')).toBe('US$1,234.50')
  })

  it('a name that is a link is nobody the hotel greets', () => {
    expect(greetingName('  Nguyễn   Thị Hoa ', 'vi')).toBe('Nguyễn Thị Hoa')
    expect(greetingName('\u202eHoa\0\u2029 Thị', 'vi')).toBe('Hoa Thị')
    expect(greetingName('\u202e', 'vi')).toBe('Quý khách')
    expect(greetingName(null, 'vi')).toBe('Quý khách')
    for (const name of ['win at https://evil.example', 'www.evil.example', '<b>', 'x'.repeat(81), ' ']) {
      expect(greetingName(name, 'en')).toBe('Guest')
    }
  })

  it('a text of a machine is one subject line and a body, or not used', () => {
    const written = { subject: ' Chào\nmừng ', body: ' Kính gửi\r\n\u202eHoa\0,\n\n\tXin chào ' }
    const about = { template: { subject: 'Chào', body: 'Xin chào' }, variables: {} }
    const usable = (more: object) => usableText({ ...written, ...more }, about)
    expect(usable({})).toEqual({ subject: 'Chào mừng', body: 'Kính gửi\nHoa,\n\n\tXin chào' })
    expect(usable({ subject: ' \n' })).toBeUndefined()
    expect(usable({ body: '' })).toBeUndefined()
    expect(usable({ subject: 'x'.repeat(201) })).toBeUndefined()
    expect(usable({ body: 'x'.repeat(10_001) })).toBeUndefined()
  })

  describe('a text of a machine', () => {
    const template = { subject: 'Room 305', body: 'Booking B.1: from room 201 to room 305.' }
    const about = { template, variables: { booking_id: 'B.1', room_number: '305', old_room: '201' } }
    const usable = (body: string) => usableText({ subject: 'Your room', body }, about) !== undefined

    it.each([
      'Booking B.1: your room is 305.',
      'B.1: từ phòng 201 sang phòng số 305. Nhận phòng 14:00, trả phòng: 03/02/2025.',
      'Room number: 305, old room: 201, booking: B.1',
      'B.1, room 305: check in at 2 pm, room service 24/7',
    ])('that names what the template does is used: %s', (body) => expect(usable(body)).toBe(true))

    it.each([
      ['no room', 'Booking B.1: please come to the front desk.'],
      ['no booking', 'Your room is 305.'],
      ['the number within another', 'Booking B.1: your room is 1305.'],
      ['another booking', 'Booking Bx1: room 305'],
      ['another room besides', 'Booking B.1: room 305. Please go to room 401 now.'],
      ['another room, in Vietnamese', 'B.1: 305. Mời Quý khách đến phòng số 401.'],
      ['another kind of number', 'B.1: 305. Please go to Room #A12.'],
    ])('that names %s is not', (_, body) => expect(usable(body)).toBe(false))

    it('need not name what the template does not', () => {
      const silent = { ...about, template: { subject: 'Thanks', body: 'Come again' } }
      expect(usableText({ subject: 'Thanks', body: 'Goodbye' }, silent)).toBeDefined()
      expect(usableText({ subject: 'Thanks', body: 'Goodbye, room 999' }, silent)).toBeUndefined()
    })
  })
})
