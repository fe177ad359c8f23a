-- The rest of 0001's promise: a table that the hotel had before us gets every column that the service names and it
-- lacks. A column is nullable or has a constant default: no table is rewritten, and the hotel's own writers go on.
-- `src/hotel/hotel-columns.ts` has the same list, with the types that will do.
do $$
declare place record;
begin
  for place in
    select want."table", string_agg(format('add column %I %s', want."column", want.definition), ', ') as columns
    from (values
      ('employees', 'name', 'text'),
      ('employees', 'department', 'text'),
      ('employee_schedules', 'day_of_week', 'int'),
      ('employee_schedules', 'start_time', 'time'),
      ('employee_schedules', 'end_time', 'time'),
      ('supervisors', 'slack_user_id', 'text'),
      ('supervisors', 'name', 'text'),
      ('attendance_logs', 'action', 'text'),
      ('attendance_logs', 'camera_id', 'text'),
      ('attendance_logs', 'confidence', 'double precision'),
      ('rooms', 'room_type', 'text'),
      ('rooms', 'floor', 'int'),
      ('rooms', 'status', 'text'),
      ('rooms', 'last_cleaned_at', 'timestamptz'),
      ('rooms', 'last_checked_by', 'text'),
      ('rooms', 'updated_at', 'timestamptz'),
      -- Null: entered by the hotel or its property system. Else what told of a room that nobody had entered: event,
      -- booking, move.
      ('rooms', 'added_from', 'text'),
      ('guests', 'name', 'text'),
      ('guests', 'email', 'text'),
      ('guests', 'phone', 'text'),
      ('bookings', 'guest_name', 'text'),
      ('bookings', 'guest_email', 'text'),
      ('bookings', 'guest_phone', 'text'),
      ('bookings', 'status', 'text'),
      ('bookings', 'payment_status', 'text'),
      ('bookings', 'total_amount', 'numeric(15, 2)'),
      ('bookings', 'guest_notified', 'boolean not null default false'),
      ('bookings', 'notification_sent_at', 'timestamptz'),
      ('bookings', 'created_at', 'timestamptz'),
      ('housekeeping_logs', 'room_number', 'text'),
      ('housekeeping_logs', 'employee_id', 'text'),
      ('housekeeping_logs', 'started_at', 'timestamptz'),
      ('housekeeping_logs', 'completed_at', 'timestamptz'),
      ('housekeeping_logs', 'status', 'text')
    ) as want ("table", "column", definition)
    where not exists (select from pg_attribute a
                      where a.attrelid = to_regclass(want."table") and a.attname = want."column" and not a.attisdropped)
    group by want."table"
  loop
    execute format('alter table %I %s', place."table", place.columns);
  end loop;
end $$;

-- Rooms that the service itself added before it marked them: all that is known of them was told to the service.
update rooms r set added_from = 'event'
where added_from is null
  and exists (select from prefect.room_status_history h where h.room_number = r.room_number::text)
  and not exists (select from prefect.room_status_history h
                  where h.room_number = r.room_number::text and h.source = 'snapshot');
