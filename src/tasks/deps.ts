/** What tasks are given, in small pieces: each task names the pieces it needs, `app/` builds them all once. */
import type { Notified } from '../contract/notification.ts'
import type { Database } from '../db/pool.ts'
import type { Sql } from '../db/sql.ts'
import type { HotelRules } from '../domain/hotel-rules.ts'
import type { Cv } from '../integrations/cv/cv.ts'
import type { Email } from '../integrations/email/email.ts'
import type { Llm } from '../integrations/llm/llm.ts'
import type { Ml } from '../integrations/ml/ml.ts'
import type { PropertySystem } from '../integrations/pms/property-system.ts'
import type { Slack } from '../integrations/slack/slack.ts'
import type { TextMessages } from '../integrations/sms/text-messages.ts'
import type { Storage } from '../integrations/storage/storage.ts'
import type { Templates } from '../integrations/templates/templates.ts'

/** For short statements outside any transaction of the engine. */
export interface DatabaseDeps {
  database: Sql
}

/** An undo has no transaction of the engine's: it opens its own. */
export interface UndoDeps {
  database: Database
}

/** Files that outlive a run. */
export interface StorageDeps {
  storage: Storage
}

export interface HotelDeps {
  hotel: HotelRules
}

/** Undefined: not configured. */
export interface OutsideDeps {
  llm: Llm | undefined
  ml: Ml | undefined
  cv: Cv | undefined
  pms: PropertySystem | undefined
}

export type PmsDeps = Pick<OutsideDeps, 'pms'>

/** Undefined: no credentials; the channel is a sandbox, where everything happens but the sending. */
export interface ChannelDeps {
  slack: Slack | undefined
  email: Email | undefined
  sms: TextMessages | undefined
  whatsapp: TextMessages | undefined
  templates: Templates
  notified: Notified
}
