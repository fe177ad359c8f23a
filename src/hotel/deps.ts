/** What tasks are given, in small pieces: each task names the pieces it needs, `app/` builds them all once. */
import type { Sql } from '../platform/postgres/sql.ts'
import type { Storage } from '../platform/storage/storage.ts'
import type { HotelRules } from './hotel-rules.ts'
import type { Cv } from './services/cv/cv.ts'
import type { Llm } from './services/llm/llm.ts'
import type { Ml } from './services/ml/ml.ts'
import type { PropertySystem } from './services/pms/property-system.ts'

/** For short statements outside any transaction of the engine. */
export interface DatabaseDeps {
  database: Sql
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
