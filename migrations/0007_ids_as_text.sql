-- A hotel's ids may be numbers while events carry text: 'BOOK009' must find nothing rather than fail, so ids are compared
-- as text. Text needs nothing for that; an id of another type gets an index of its text.
do $$
declare place record;
begin
  for place in
    select t.name as "table", a.attname as "column", t."then"
    from (values ('bookings', 'id', ''), ('bookings', 'room_number', ', check_in_date'), ('bookings', 'guest_id', ''),
                 ('guests', 'id', ''), ('employees', 'id', ''), ('employee_schedules', 'employee_id', ''),
                 ('attendance_logs', 'employee_id', ', timestamp')) as t (name, id, "then")
    join pg_attribute a on a.attrelid = to_regclass(t.name) and a.attname = t.id
    where a.atttypid = any (array['smallint', 'integer', 'bigint', 'numeric', 'uuid', 'character']::regtype[])
  loop
    execute format('create index if not exists %I on %I ((%I::text)%s)',
                   place."table" || '_' || place."column" || '_text', place."table", place."column", place."then");
  end loop;
end $$;
