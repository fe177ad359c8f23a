-- The body of an event as it was sent: numbers of any size, the order of its members, repeated names. Read by JavaScript
-- and written again, 12345678901234567890123 was another number. Events kept before have their body in payload.
alter table prefect.events add column body json;
comment on column prefect.events.body is 'as it was sent; null when it was not JSON (raw), or kept before 0009 (payload)';
