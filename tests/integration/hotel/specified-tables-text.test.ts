import { it } from 'vitest'
import { type Ids, liveTheDay } from './specified-hotel.ts'

const ids: Ids = {
  of: (n) => `ID${n}`,
  type: 'text',
  rooms: 'text',
  made: 'text default gen_random_uuid()::text',
}

it('a hotel with the tables of the specification, whose ids are text, lives its day', () => liveTheDay(ids))
