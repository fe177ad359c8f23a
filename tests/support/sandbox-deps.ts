import type { HotelDeps, OutsideDeps } from '../../src/hotel/deps.ts'
import type { HotelRules } from '../../src/hotel/hotel-rules.ts'
import { loadTemplates } from '../../src/hotel/messages/message-files.ts'
import type { TemplateDeps } from '../../src/hotel/messages/templates.ts'
import type { ChannelDeps } from '../../src/platform/notifications/deps.ts'
import type { Database } from '../../src/platform/postgres/pool.ts'
import { HOTEL } from './hotel-rules.ts'

/** No credentials for any channel and no outside service: everything happens but the sending. `hotel`: rules of its own. */
export async function sandboxDeps(
  database: Database,
  hotel: Partial<HotelRules> = {},
): Promise<{ database: Database } & HotelDeps & OutsideDeps & ChannelDeps & TemplateDeps> {
  return {
    database,
    hotel: { ...HOTEL, ...hotel },
    templates: await loadTemplates({ hotelName: HOTEL.name }),
    notified() {},
    ...{ slack: undefined, email: undefined, sms: undefined, whatsapp: undefined },
    ...{ llm: undefined, ml: undefined, cv: undefined, pms: undefined },
  }
}
