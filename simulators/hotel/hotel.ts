import type { Sql } from '../../src/platform/postgres/sql.ts'
import { FAMILY, GIVEN, MIDDLE } from './names.ts'
import { seededRandom } from './seeded-random.ts'

/** Department, its supervisor's Slack id and name, and the shifts its people work: start and end, hotel clock. */
const DEPARTMENTS = [
  {
    name: 'Front Office',
    slackId: 'U0FRONT001',
    supervisor: 'Trần Thị Hạnh',
    shifts: ['06:00-14:00', '14:00-22:00', '22:00-06:00'],
  },
  {
    name: 'Housekeeping',
    slackId: 'U0HOUSE001',
    supervisor: 'Nguyễn Thị Mai',
    shifts: ['07:00-15:00', '08:00-16:00', '13:00-21:00'],
  },
  {
    name: 'Food & Beverage',
    slackId: 'U0FOODB001',
    supervisor: 'Lê Văn Quang',
    shifts: ['05:30-13:30', '10:00-18:00', '15:00-23:00'],
  },
  {
    name: 'Kitchen',
    slackId: 'U0KITCH001',
    supervisor: 'Phạm Minh Đức',
    shifts: ['05:00-13:00', '13:00-21:00'],
  },
  {
    name: 'Security',
    slackId: 'U0SECUR001',
    supervisor: 'Võ Văn Hùng',
    shifts: ['06:00-14:00', '14:00-22:00', '22:00-06:00'],
  },
  {
    name: 'Engineering',
    slackId: 'U0ENGIN001',
    supervisor: 'Đặng Quốc Bảo',
    shifts: ['07:30-16:30', '22:00-06:00'],
  },
] as const

const EMPLOYEES = 60
const FLOORS = 8
const ROOMS_PER_FLOOR = 15
const WORKING_DAYS = 6

/**
 * Fills a hotel: 60 employees (EMP001 ... EMP060) in 6 departments, each working one shift on six days of the week,
 * some overnight; a supervisor per department; 120 rooms on 8 floors (101 ... 815). The same `seed` gives the same
 * hotel; a second run changes nothing, and rows that are there already are left as they are.
 */
export async function seedHotel(sql: Sql, { seed = 1 }: { seed?: number } = {}): Promise<void> {
  const random = seededRandom(`hotel ${seed}`)
  const employees = Array.from({ length: EMPLOYEES }, (_, index) => employee(index, random))
  await insertAll(
    sql,
    'employees',
    ['id', 'name', 'department'],
    employees.map(({ id, name, department }) => [id, name, department]),
  )
  await insertSchedules(sql, employees)
  await insertSupervisors(sql)
  await insertAll(sql, 'rooms', ['room_number', 'room_type', 'floor', 'status'], rooms())
}

interface Employee {
  id: string
  name: string
  department: string
  shift: string
  dayOff: number
}

function employee(index: number, random: () => number): Employee {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
  const department = DEPARTMENTS[index % DEPARTMENTS.length] as (typeof DEPARTMENTS)[number]
  // In turn rather than by chance: every shift of a department is staffed, whatever the seed.
  const shift = department.shifts[Math.floor(index / DEPARTMENTS.length) % department.shifts.length] as string
  return {
    id: `EMP${String(index + 1).padStart(3, '0')}`,
    name: `${pick(FAMILY)} ${pick(MIDDLE)} ${pick(GIVEN)}`,
    department: department.name,
    shift,
    dayOff: Math.floor(random() * 7),
  }
}

/** The table has no key to conflict on: an employee with any schedule keeps it. */
async function insertSchedules(sql: Sql, employees: Employee[]): Promise<void> {
  const rows = employees.flatMap(({ id, shift, dayOff }) => {
    const [start, end] = shift.split('-')
    return Array.from({ length: WORKING_DAYS }, (_, day) => ({ id, day: (dayOff + 1 + day) % 7, start, end }))
  })
  await sql.query(
    `insert into employee_schedules (employee_id, day_of_week, start_time, end_time)
     select id, day, start::time, "end"::time
     from json_to_recordset($1::json) as row (id text, day int, start text, "end" text)
     where not exists (select from employee_schedules s where s.employee_id = row.id)`,
    [JSON.stringify(rows)],
  )
}

async function insertSupervisors(sql: Sql): Promise<void> {
  const rows = DEPARTMENTS.map(({ name, slackId, supervisor }) => ({
    department: name,
    slack: slackId,
    name: supervisor,
  }))
  await sql.query(
    `insert into supervisors (department, slack_user_id, name)
     select department, slack, name from json_to_recordset($1::json) as row (department text, slack text, name text)
     where not exists (select from supervisors s where s.department = row.department)`,
    [JSON.stringify(rows)],
  )
}

function rooms(): unknown[][] {
  return Array.from({ length: FLOORS * ROOMS_PER_FLOOR }, (_, index) => {
    const floor = Math.floor(index / ROOMS_PER_FLOOR) + 1
    const place = (index % ROOMS_PER_FLOOR) + 1
    const type = floor === FLOORS ? 'suite' : place > 10 ? 'deluxe' : 'standard'
    return [`${floor}${String(place).padStart(2, '0')}`, type, floor, 'clean']
  })
}

/** Table and columns are this file's own words, never input. */
async function insertAll(sql: Sql, table: string, columns: string[], rows: unknown[][]): Promise<void> {
  const places = rows.map((row, r) => `(${row.map((_, c) => `$${r * row.length + c + 1}`).join(', ')})`)
  await sql.query(
    `insert into ${table} (${columns.join(', ')}) values ${places.join(', ')} on conflict do nothing`,
    rows.flat(),
  )
}
