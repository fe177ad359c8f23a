/** What tasks are given, in small pieces: each task names the pieces it needs, `app/` builds them all once. */
import type { Notified } from '../platform/contract/notification.ts'
import type { Database } from '../platform/postgres/pool.ts'
import type { Sql } from '../platform/postgres/sql.ts'
import type { HotelRules } from './hotel-rules.ts'
import type { Cv } from './services/cv/cv.ts'
import type { Email } from '../platform/channels/email/email.ts'
import type { Llm } from './services/llm/llm.ts'
import type { Ml } from './services/ml/ml.ts'
import type { PropertySystem } from './services/pms/property-system.ts'
import type { Slack } from '../platform/channels/slack/slack.ts'
import type { TextMessages } from '../platform/channels/sms/text-messages.ts'
import type { Storage } from '../platform/storage/storage.ts'
import type { Templates } from './messages/templates.ts'

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
