/** Environment -> one typed, checked object. Parsed once, in main; `.env.example` lists all. */
import { z } from 'zod'
import { HOTEL_SETTINGS } from './hotel/settings.ts'
import { PLATFORM_SETTINGS } from './platform/settings.ts'
import { editDistance } from './platform/spelling.ts'

const Settings = z.object({ ...PLATFORM_SETTINGS, ...HOTEL_SETTINGS })
export type Config = z.output<typeof Settings>
export const SETTING_NAMES = Object.keys(Settings.shape)

/** A service that is half configured would be a sandbox in silence: it stops the start instead. */
const TOGETHER: readonly (readonly (keyof Config)[])[] = [
  ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN'],
  ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'],
]

const CheckedSettings = Settings.superRefine((settings, context) => {
  const demand = (name: keyof Config, why: string) => {
    if (settings[name] === undefined)
      context.addIssue({ code: 'custom', path: [name], message: `is missing: ${why}` })
  }
  for (const group of TOGETHER) {
    const given = group.find((name) => settings[name] !== undefined)
    for (const name of given ? group : []) demand(name, `${given} is set`)
  }
  if (settings.TWILIO_ACCOUNT_SID && !settings.TWILIO_SMS_FROM && !settings.TWILIO_WHATSAPP_FROM) {
    demand('TWILIO_SMS_FROM', 'TWILIO_ACCOUNT_SID is set (TWILIO_WHATSAPP_FROM would do as well)')
  }
  if (settings.PMS_URL && settings.PMS_KIND === 'cloudbeds') {
    demand('PMS_API_KEY', 'PMS_URL is set, and PMS_KIND is cloudbeds')
  }
})

/** A setting that cannot be used. The message is one line that names it. */
export class BadSetting extends Error {
  override readonly name = 'BadSetting'
  readonly code = 'bad_setting'
}

/** An empty variable counts as absent. Throws BadSetting. */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '')
  const result = CheckedSettings.safeParse(Object.fromEntries(given))
  if (result.success) return result.data
  const lines = result.error.issues.map(({ path, message }) => {
    const name = path.join('.')
    const secret = /KEY|TOKEN|URL|DSN|SID|PHONE/.test(name)
    const value = secret || environment[name] === undefined ? '' : ` (it is "${environment[name]}")`
    return `${name} ${message}${value}`
  })
  throw new BadSetting(lines.join('; '))
}

/** Variables that look like a misspelt setting: `DATABSE_URL` for `DATABASE_URL`. */
export function likelyMisspellings(
  environment: Record<string, string | undefined>,
): { name: string; meant: string }[] {
  return Object.keys(environment).flatMap((name) => {
    if (SETTING_NAMES.includes(name)) return []
    const meant = SETTING_NAMES.find((setting) => isSlip(name.toUpperCase(), setting))
    return meant === undefined ? [] : [{ name, meant }]
  })
}

/** One letter missing, added, changed or swapped; two in a long name. HOME is no slip of HOST. */
function isSlip(name: string, setting: string): boolean {
  const most = setting.length >= 9 ? 2 : setting.length >= 5 ? 1 : 0
  return Math.abs(name.length - setting.length) <= most && editDistance(name, setting) <= most
}
