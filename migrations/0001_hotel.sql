-- The hotel's own tables, as the specification names them. A hotel that already has them keeps its data:
-- every table and column is added only where it is missing, and nothing existing is changed.

create table if not exists employees (
  id text primary key,
  name text not null,
  department text
);

create table if not exists employee_schedules (
  employee_id text not null,
  day_of_week int not null,            -- Monday = 0, the day the shift starts
  start_time time not null,            -- hotel wall clock
  end_time time                        -- at or before start_time: the shift ends the next day; null: 8 hours
);
alter table employee_schedules add column if not exists end_time time;

create table if not exists supervisors (
  department text not null,
  slack_user_id text not null,
  name text
);

create table if not exists attendance_logs (
  id bigint generated always as identity primary key,
  employee_id text not null,
  timestamp timestamptz not null,
  action text not null,
  camera_id text,
  confidence double precision
);
alter table attendance_logs
  add column if not exists run_id text,           -- the run that wrote the punch; null on rows older than the service
  add column if not exists shift_start timestamptz,
  add column if not exists shift_date date,       -- the day the shift starts, hotel calendar
  add column if not exists is_late boolean,
  add column if not exists late_minutes int,
  add column if not exists flags text[] not null default '{}';

create table if not exists rooms (
  room_number text primary key,
  room_type text,
  floor int,
  status text not null default 'clean',
  last_cleaned_at timestamptz,
  last_checked_by text,
  updated_at timestamptz not null default now()
);

create table if not exists bookings (
  id text primary key,
  guest_name text,
  guest_email text,
  guest_phone text,
  room_number text,
  check_in_date date,
  check_out_date date,
  status text,
  payment_status text,
  total_amount numeric(15, 2),
  guest_notified boolean not null default false,
  notification_sent_at timestamptz,
  created_at timestamptz not null default now()
);

create table if not exists housekeeping_logs (
  id bigint generated always as identity primary key,
  room_number text not null,
  employee_id text,
  started_at timestamptz,
  completed_at timestamptz,
  status text not null
);
