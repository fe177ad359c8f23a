-- migrate: no-transaction
-- Built concurrently: the hotel's other services keep reading and writing these tables meanwhile.
create index concurrently if not exists attendance_logs_employee_time on attendance_logs (employee_id, timestamp);
create unique index concurrently if not exists attendance_logs_run on attendance_logs (run_id) where run_id is not null;
create index concurrently if not exists employee_schedules_employee on employee_schedules (employee_id);
