-- migrate: no-transaction
-- formerly: c973c61e107ce7f8bb94c2a65bf39d9bd0a9d383cfbe43c35ef1fb92a0563732
-- Built concurrently: the hotel's other services keep reading and writing these tables meanwhile.
-- The columns first, which a table that the hotel had before may lack: without them this could not pass.
alter table bookings
  add column if not exists room_number text,
  add column if not exists check_in_date date,
  add column if not exists check_out_date date;
create index concurrently if not exists bookings_room on bookings (room_number, check_in_date);
create index concurrently if not exists bookings_dates on bookings (check_in_date, check_out_date);
create index concurrently if not exists bookings_guest on bookings (guest_id) where guest_id is not null;
