import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  GUEST_TEMPLATES,
  MESSAGE_LANGUAGES,
} from '../../../../src/hotel/messages/guest-notification.parameters.ts'
import { loadTemplates } from '../../../../src/hotel/messages/message-files.ts'
import type { Templates } from '../../../../src/hotel/messages/templates.ts'

const FOLDER = 'templates/messages'
const VALUES = {
  guest_name: 'Nguyễn Thị Hoa',
  booking_id: 'BOOK001',
  room_number: '201',
  check_in_date: 'Thứ Bảy, 01/02/2025',
  check_out_date: 'Thứ Hai, 03/02/2025',
  check_in_time: '14:00',
  check_out_time: '12:00',
}
const EXTRAS = {
  room_type: 'deluxe',
  total_amount: '5.000.000 ₫',
  old_room: '305',
  request: 'thêm 2 khăn tắm',
  minutes: '30',
  refund_amount: '1.000.000 ₫',
}
const ALL = GUEST_TEMPLATES.flatMap((template) =>
  MESSAGE_LANGUAGES.map((language) => [template, language] as const),
)

let templates: Templates
beforeAll(async () => {
  templates = await loadTemplates({ hotelName: 'Khách sạn Hoa Sen' })
})

describe.each(ALL)('%s in %s', (template, language) => {
  it('has all its forms, with and without what may be missing', () => {
    for (const values of [VALUES, { ...VALUES, ...EXTRAS }]) {
      const { subject, text, html, short } = templates.render(template, language, values)
      for (const form of [subject, text, html, short]) {
        expect(form).toContain('Khách sạn Hoa Sen')
        expect(form).not.toMatch(/\{[{%]|undefined|===|\n{3}/)
      }
      expect(subject).not.toContain('\n')
      expect(short.length).toBeLessThanOrEqual(300)
      expect(text).toContain('Nguyễn Thị Hoa')
      expect(html).toContain('Nguyễn Thị Hoa')
    }
  })

  it('is in its language', () => {
    const { subject, text, short } = templates.render(template, language, { ...VALUES, guest_name: 'X' })
    const own = `${subject} ${text} ${short}`.replaceAll('Khách sạn Hoa Sen', '')
    const words = own.replace(/Thứ (Bảy|Hai)/g, '')
    if (language === 'vi') expect(words).toMatch(/Quý khách[\s\S]*Trân trọng/)
    else expect(words).not.toMatch(/[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]/i)
  })

  it('shows the same text as page and as plain text', () => {
    const { text, html } = templates.render(template, language, { ...VALUES, ...EXTRAS })
    const [, body = ''] = /color:#1f2933">\n([\s\S]*?)\n<\/td>/.exec(html) ?? []
    const words = (form: string) => form.replace(/<[^>]+>/g, ' ').replace(/[\s:]+/g, '')
    expect(words(body)).toBe(words(text))
  })

  it('escapes values in the page, and loads nothing from elsewhere', () => {
    const hostile = Object.fromEntries(
      Object.keys({ ...VALUES, ...EXTRAS }).map((name) => [name, `<script src="//evil">&'${name}</script>`]),
    )
    const { html } = templates.render(template, language, hostile)
    expect(html).not.toMatch(/<(script|img|link|style|a)\b|<[^>]*(src|href)=|url\(|https?:/i)
    expect(html).toContain('&lt;script')
    expect(html).toContain(`<html lang="${language}">`)
  })
})

describe('the texts', () => {
  it.each([
    ['en', '1', 'within 1 minute.', 'within 1 minute.'],
    ['en', '30', 'within 30 minutes.', 'within 30 minutes.'],
    ['vi', '1', 'trong vòng 1 phút.', 'trong vòng 1 phút.'],
    ['vi', '30', 'trong vòng 30 phút.', 'trong vòng 30 phút.'],
  ] as const)('count minutes as %s does: %s', (language, minutes, inText, inShort) => {
    const { text, html, short } = templates.render('request_received', language, { ...VALUES, minutes })
    expect(text).toContain(inText)
    expect(html).toContain(inText)
    expect(short).toContain(inShort)
  })

  it('name the variable that is missing', () => {
    const { room_number: _, ...without } = VALUES
    expect(() => templates.render('checkin_ready', 'vi', without)).toThrow(
      expect.objectContaining({
        name: 'GiveUp',
        code: 'template_variable_missing',
        message: 'The template "checkin_ready" needs the variable "room_number".',
      }),
    )
  })

  it('take values as they are: no markup of the template language, nothing of a prototype', () => {
    const { text } = templates.render('checkin_ready', 'en', { ...VALUES, guest_name: '{{ room_number }}' })
    expect(text).toContain('Dear {{ room_number }},')
    const { room_number: _, ...without } = VALUES
    const inherited = Object.assign(Object.create({ room_number: '201' }), without)
    expect(() => templates.render('checkin_ready', 'en', inherited)).toThrow('room_number')
  })

  it('stay short by SMS whatever the values, and on one line', () => {
    const { short, subject } = templates.render('checkin_ready', 'vi', {
      ...VALUES,
      room_number: '😀\n'.repeat(400),
    })
    expect(short).toMatch(/^[^\n]+…$/)
    expect(short.length).toBeGreaterThan(250)
    expect(short.length).toBeLessThanOrEqual(300)
    expect(short.isWellFormed()).toBe(true)
    expect(subject.length).toBeLessThanOrEqual(200)
  })

  it('written by somebody else are escaped and put into the same page', () => {
    const written = { subject: 'Chào <b>', body: 'Một & hai\nba\n\n<script>x</script>' }
    const { text, html } = templates.frame('vi', written)
    expect(text).toBe(written.body)
    expect(html).toContain('<p>Một &#38; hai<br>\nba</p>\n<p>&#60;script&#62;x&#60;/script&#62;</p>')
    expect(html).toContain('<title>Chào &lt;b&gt;</title>')
    expect(html).toContain('Khách sạn Hoa Sen')
  })
})

describe('a start', () => {
  const load = async (change: (folder: string) => void) => {
    const folder = mkdtempSync(join(tmpdir(), 'messages-'))
    try {
      cpSync(FOLDER, folder, { recursive: true })
      change(folder)
      await loadTemplates({ hotelName: 'x', folder })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  const rewrite = (folder: string, by: (text: string) => string) => {
    const file = join(folder, 'room_moved.en.liquid')
    writeFileSync(file, by(readFileSync(file, 'utf8')))
  }

  it('works with what is there, with line ends of Windows too', async () => {
    await load((folder) => rewrite(folder, (text) => text.replaceAll('\n', '\r\n')))
  })

  it.each<[string, (folder: string) => void, string]>([
    [
      'a missing file',
      (folder) => rmSync(join(folder, 'room_moved.en.liquid')),
      'room_moved.en.liquid cannot be read',
    ],
    [
      'a missing page',
      (folder) => rmSync(join(folder, 'layout.html.liquid')),
      'layout.html.liquid cannot be read',
    ],
    [
      'a missing section',
      (folder) => rewrite(folder, (text) => text.replace('=== short', '=== shrt')),
      'room_moved.en.liquid has no section "=== short"',
    ],
    [
      'a tag that is not closed',
      (folder) => rewrite(folder, (text) => text.replaceAll('{% endif %}', '')),
      'room_moved.en.liquid cannot be parsed',
    ],
  ])('fails with %s, and names it', async (_, change, message) => {
    await expect(load(change)).rejects.toThrow(message)
  })
})
