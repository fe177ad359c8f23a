-- Rooms, guests, bookings and housekeeping as the hotel lives them. Columns are added where they are missing, without
-- a rewrite of the table; a hotel's own rows and writers go on as before.

alter table rooms
  add column if not exists section text,
  -- The independent axes behind `status`; null: never told, read from `status`.
  add column if not exists housekeeping text,
  add column if not exists occupancy text,
  add column if not exists maintenance text,
  add column if not exists service text,
  add column if not exists return_status text,
  add column if not exists maintenance_reason text,
  add column if not exists maintenance_until timestamptz,
  add column if not exists state_at timestamptz,      -- event time of the newest change that counts
  add column if not exists held_for text;             -- the booking that a move holds the room for

create table if not exists guests (
  id text primary key,
  name text,
  email text,
  phone text
);
alter table guests
  add column if not exists language text,
  add column if not exists country text,
  add column if not exists channels text[],             -- the guest's own order; null: email, sms, whatsapp
  add column if not exists opted_out_at timestamptz,    -- wants no messages at all
  add column if not exists marketing_opt_in_at timestamptz,
  add column if not exists updated_at timestamptz;

alter table bookings
  add column if not exists guest_id text,
  add column if not exists room_type text,
  add column if not exists guest_language text,
  add column if not exists guest_country text,
  add column if not exists expected_arrival timestamptz,
  add column if not exists vip boolean not null default false,
  add column if not exists churn_risk double precision,
  add column if not exists churn_predicted_at timestamptz,
  add column if not exists state_at timestamptz,
  add column if not exists updated_at timestamptz;
