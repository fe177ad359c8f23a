import { expect, it } from 'vitest'
import { cleaningListCsv } from '../../../../src/hotel/housekeeping/cleaning-list.rules.ts'

it('has a row per room in cleaning order, those without an attendant last; no cell is a formula', () => {
  const csv = cleaningListCsv({
    business_date: '2025-01-17',
    assigned: 2,
    attendants: [{ employee_id: '=EMP,"1"', rooms: ['201', '202'], minutes: 60 }],
    unassigned: [{ room_number: '305', kind: 'departure', reason: 'no_capacity' }],
    spread: 0,
  })
  expect(csv.split('\r\n')).toEqual([
    'business_date,attendant,position,room,note',
    `2025-01-17,"'=EMP,""1""",1,201,`,
    `2025-01-17,"'=EMP,""1""",2,202,`,
    '2025-01-17,,,305,no_capacity',
    '',
  ])
})
