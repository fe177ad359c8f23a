/**
 * The hotel's own tables: every column that the service names, by what it is used as. A table that the hotel had before
 * us gets what it lacks (`migrations/0012_hotel_columns.sql`); what it has must be of a type that will do.
 */

/** The types that will do, as `pg_type` names them; `enum` stands for any of the hotel's own. */
export const USES = {
  id: ['text', 'varchar', 'bpchar', 'citext', 'int2', 'int4', 'int8', 'numeric', 'uuid'],
  text: ['text', 'varchar', 'bpchar', 'citext'],
  word: ['text', 'varchar', 'bpchar', 'citext', 'enum'],
  whole: ['int2', 'int4', 'int8', 'numeric'],
  fraction: ['float4', 'float8', 'numeric'],
  amount: ['numeric', 'int4', 'int8', 'float4', 'float8', 'money'],
  flag: ['bool'],
  day: ['date', 'timestamp', 'timestamptz'],
  moment: ['timestamptz', 'timestamp'],
  clock: ['time', 'text', 'varchar'],
  texts: ['_text', '_varchar'],
} as const
export type Use = keyof typeof USES

export interface HotelTable {
  columns: Readonly<Partial<Record<Use, readonly string[]>>>
  /** What a row is found by: no column can be added in its place. */
  keys: readonly string[]
  /** What is done to its rows besides reading. */
  writes: readonly ('insert' | 'update')[]
  /** Known columns that a new row of ours does not give. */
  leftOut?: readonly string[]
  /** An id that comes once only. */
  unique?: string
}

export const HOTEL_TABLES: Readonly<Record<string, HotelTable>> = {
  employees: { columns: { id: ['id'], text: ['name'], word: ['department'] }, keys: ['id'], writes: [] },
  employee_schedules: {
    columns: { id: ['employee_id'], whole: ['day_of_week'], clock: ['start_time', 'end_time'] },
    keys: ['employee_id'],
    writes: [],
  },
  supervisors: {
    columns: { word: ['department'], text: ['slack_user_id', 'name'] },
    keys: ['department'],
    writes: [],
  },
  attendance_logs: {
    columns: {
      id: ['id', 'employee_id'],
      moment: ['timestamp', 'shift_start'],
      day: ['shift_date'],
      word: ['action'],
      text: ['camera_id', 'run_id'],
      fraction: ['confidence'],
      flag: ['is_late'],
      whole: ['late_minutes'],
      texts: ['flags'],
    },
    keys: ['id', 'employee_id', 'timestamp'],
    writes: ['insert', 'update'],
    leftOut: ['id'],
  },
  rooms: {
    columns: {
      // A floor may be called "G".
      id: ['room_number', 'floor', 'last_checked_by'],
      word: ['room_type', 'status', 'housekeeping', 'occupancy', 'maintenance', 'service', 'return_status'],
      text: ['section', 'maintenance_reason', 'held_for', 'added_from'],
      moment: ['maintenance_until', 'last_cleaned_at', 'updated_at', 'state_at'],
    },
    keys: ['room_number'],
    writes: ['update'],
  },
  guests: {
    columns: {
      id: ['id'],
      text: ['name', 'email', 'phone', 'language', 'country'],
      texts: ['channels'],
      moment: ['opted_out_at', 'marketing_opt_in_at', 'updated_at'],
    },
    keys: ['id'],
    writes: ['insert', 'update'],
    leftOut: ['language', 'country', 'channels', 'opted_out_at', 'marketing_opt_in_at', 'updated_at'],
    unique: 'id',
  },
  bookings: {
    columns: {
      id: ['id', 'guest_id', 'room_number'],
      text: ['guest_name', 'guest_email', 'guest_phone', 'guest_language', 'guest_country'],
      word: ['room_type', 'status', 'payment_status'],
      day: ['check_in_date', 'check_out_date'],
      amount: ['total_amount'],
      flag: ['vip', 'guest_notified'],
      fraction: ['churn_risk'],
      moment: [
        'expected_arrival',
        'notification_sent_at',
        'churn_predicted_at',
        'state_at',
        'updated_at',
        'created_at',
      ],
    },
    keys: ['id'],
    writes: ['insert', 'update'],
    leftOut: ['guest_notified', 'notification_sent_at', 'churn_risk', 'churn_predicted_at', 'created_at'],
  },
  housekeeping_logs: {
    columns: { id: ['room_number', 'employee_id'], moment: ['started_at', 'completed_at'], word: ['status'] },
    keys: [],
    writes: [],
  },
}
