/** Twilio's Messages resource: creating a message, and listing those to a number. */
import {
  type ServiceSimulator,
  type SimulatedAnswer,
  type SimulatedRequest,
  startServiceSimulator,
} from './service-simulator.ts'

export interface SimulatedText {
  sid: string
  to: string
  from: string
  body: string
  date: Date
}

export interface TwilioSimulator extends ServiceSimulator {
  /** What was taken, oldest first. WhatsApp's numbers begin with `whatsapp:`. */
  readonly messages: SimulatedText[]
}

export const TWILIO_ACCOUNT = { accountSid: `AC${'0'.repeat(32)}`, authToken: 'simulated' } as const

/** Twilio's own test number: "this number is invalid". */
const INVALID = '+15005550001'

export async function startTwilioSimulator({ port }: { port?: number } = {}): Promise<TwilioSimulator> {
  const messages: SimulatedText[] = []
  const { accountSid, authToken } = TWILIO_ACCOUNT
  const path = `/2010-04-01/Accounts/${accountSid}/Messages.json`
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`

  function handle(request: SimulatedRequest): SimulatedAnswer {
    if (request.headers.authorization !== authorization) return refused(401, 20003, 'Authenticate')
    if (request.path !== path) return refused(404, 20404, 'The requested resource was not found')
    return request.method === 'POST' ? create(request.form()) : list(request.query)
  }

  function create(form: URLSearchParams): SimulatedAnswer {
    const [to = '', body = ''] = [form.get('To') ?? '', form.get('Body') ?? '']
    const from = form.get('From') ?? form.get('MessagingServiceSid') ?? ''
    const number = to.replace(/^whatsapp:/, '')
    if (number === INVALID || !/^\+[1-9]\d{6,14}$/.test(number)) {
      return refused(400, 21211, `The 'To' number ${to} is not a valid phone number.`)
    }
    if (from === '') return refused(400, 21603, "A 'From' phone number is required.")
    if (body === '') return refused(400, 21602, 'Message body is required.')
    if (body.length > 1_600)
      return refused(400, 21617, 'The concatenated message body exceeds the 1600 character limit.')
    const text = {
      sid: `SM${String(messages.length + 1).padStart(32, '0')}`,
      to,
      from,
      body,
      date: new Date(),
    }
    messages.push(text)
    return { status: 201, body: resourceOf(text, path, 'queued') }
  }

  function list(query: URLSearchParams): SimulatedAnswer {
    const [to, from] = [query.get('To'), query.get('From')]
    const size = Number(query.get('PageSize') ?? 50)
    const found = messages.filter((text) => (!to || text.to === to) && (!from || text.from === from))
    const page = found.reverse().slice(0, size)
    const body = {
      messages: page.map((text) => resourceOf(text, path, 'delivered')),
      page: 0,
      page_size: size,
      uri: path,
      first_page_uri: path,
      next_page_uri: null,
      previous_page_uri: null,
    }
    return { body }
  }

  const simulator = await startServiceSimulator({ port, handle })
  return { ...simulator, messages }
}

function resourceOf({ sid, to, from, body, date }: SimulatedText, path: string, status: string) {
  const at = date.toUTCString().replace('GMT', '+0000')
  return {
    sid,
    account_sid: TWILIO_ACCOUNT.accountSid,
    to,
    from,
    body,
    status,
    direction: 'outbound-api',
    date_created: at,
    date_sent: status === 'queued' ? null : at,
    date_updated: at,
    num_segments: String(Math.max(1, Math.ceil(body.length / 70))),
    num_media: '0',
    error_code: null,
    error_message: null,
    api_version: '2010-04-01',
    uri: path.replace('.json', `/${sid}.json`),
  }
}

function refused(status: number, code: number, message: string): SimulatedAnswer {
  return { status, body: { code, message, status, more_info: `https://www.twilio.com/docs/errors/${code}` } }
}
