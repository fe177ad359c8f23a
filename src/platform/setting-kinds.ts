/** What a setting may be: each reads the text of an environment variable, and says in a few words what it must be. */
import { z } from 'zod'

export const number = (least: number, most: number, what = 'a number') => {
  const error = `must be ${what} from ${least} to ${most}`
  return z.coerce.number({ error }).min(least, { error }).max(most, { error })
}
export const whole = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`
  return number(least, most, 'a whole number').int({ error })
}
export const oneOf = <const Names extends [string, ...string[]]>(...names: Names) =>
  z.enum(names, { error: `must be one of ${names.join(', ')}` })
export const urlOf = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`,
  })

export const webUrl = urlOf('http:', 'https:')
export const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/
export const ClockTime = z.string().regex(CLOCK, 'must be a time of day, for example 14:00')
export const PhoneNumber = z.string().regex(/^\+[1-9]\d{6,14}$/, 'must be a number like +84901234567')

const Network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])
/** Addresses, or networks as `10.0.0.0/8`; comma-separated. */
export const Networks = z.string().transform((text, context) => {
  const networks = text.split(',').map((part) => part.trim())
  if (networks.every((network) => Network.safeParse(network).success)) return networks
  const message = 'must be addresses or networks, for example 10.0.0.5,10.1.0.0/16'
  context.addIssue({ code: 'custom', message })
  return z.NEVER
})
