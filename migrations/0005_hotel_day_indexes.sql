-- migrate: no-transaction
-- Built concurrently: the hotel's other services keep reading and writing these tables meanwhile.
create index concurrently if not exists bookings_room on bookings (room_number, check_in_date);
create index concurrently if not exists bookings_dates on bookings (check_in_date, check_out_date);
create index concurrently if not exists bookings_guest on bookings (guest_id) where guest_id is not null;
