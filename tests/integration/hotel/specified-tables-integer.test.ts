import { it } from 'vitest'
import { type Ids, liveTheDay } from './specified-hotel.ts'

const ids: Ids = {
  of: String,
  type: 'integer',
  rooms: 'integer',
  made: 'integer generated always as identity',
}

it('a hotel with the tables of the specification, whose ids are integer, lives its day', () =>
  liveTheDay(ids))
