import { it } from 'vitest'
import { type Ids, liveTheDay } from './specified-hotel.ts'

const ids: Ids = {
  of: (n) => `8a6e0804-2bd0-4672-b79d-${String(n).padStart(12, '0')}`,
  type: 'uuid',
  rooms: 'varchar(10)',
  made: 'uuid default gen_random_uuid()',
}

it('a hotel with the tables of the specification, whose ids are uuid, lives its day', () => liveTheDay(ids))
