-- migrate: no-transaction
-- What waits for a person, and what people decided. Rows that are there already are not looked at: what failed, or was
-- refused, before this migration is in the lists of runs and events as before, and no entry of the inbox.

alter table prefect.flow_runs
  add column if not exists unsettled_since timestamptz,  -- it failed or crashed then, and nobody has settled that yet
  add column if not exists failed_with text;             -- the code of its error

create or replace function prefect.note_unsuccessful() returns trigger language plpgsql as $$
begin
  update prefect.flow_runs
  set unsuccessful = case new.status when 'ERROR' then 'failed'
                                     when 'CANCELLED' then 'cancelled'
                                     when 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' then 'crashed' end,
      unsettled_since = case when new.status in ('ERROR', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED') then clock_timestamp() end,
      -- No cast: an error that another tool wrote must not keep a run from ending.
      failed_with = case when new.status = 'ERROR' then
        (select substring(o.error from '"code":"([^"\\]{1,200})"') from dbos.workflow_output o
         where o.workflow_uuid = new.workflow_uuid) end
  where id = new.workflow_uuid;
  return null;
end $$;

create index concurrently if not exists flow_runs_unsettled
  on prefect.flow_runs (unsettled_since desc, id) where unsettled_since is not null;
create index concurrently if not exists flow_runs_unsettled_code
  on prefect.flow_runs (failed_with, unsettled_since desc, id) where unsettled_since is not null;
create index concurrently if not exists flow_runs_unsettled_flagged
  on prefect.flow_runs (unsettled_since desc, id) where unsettled_since is not null and flagged is not null;

create index concurrently if not exists run_waits_open
  on prefect.run_waits (opened_at desc, run_id, step) where signal is not null and closed_at is null;

-- The audit trail is append-only: what of it waits for a person is kept beside it.
create table if not exists prefect.unsettled_events (
  event_id text primary key,
  received_at timestamptz not null
);
create index if not exists unsettled_events_received on prefect.unsettled_events (received_at desc, event_id);

create or replace function prefect.note_rejected() returns trigger language plpgsql as $$
begin
  insert into prefect.unsettled_events (event_id, received_at) values (new.id, new.received_at) on conflict do nothing;
  return null;
end $$;
drop trigger if exists events_rejected on prefect.events;
create trigger events_rejected after insert on prefect.events
  for each row when (new.status = 'rejected') execute function prefect.note_rejected();

alter table prefect.attendance_reviews add column if not exists accepted boolean;  -- null: nobody has judged it yet

create index concurrently if not exists refund_requests_open
  on prefect.refund_requests (created_at desc, id) where status = 'requested';

-- One row for each entry of the inbox that was settled, written with the effect.
create table if not exists prefect.decisions (
  id text primary key,                  -- the entry's
  kind text not null,
  action text not null,
  title text not null,                  -- the entry's, as it was
  subjects text[] not null default '{}',
  flow_run_id text,
  event_id text,
  decided_by text not null,             -- the API key
  by text,                              -- the person behind it, as they said
  decided_at timestamptz not null default clock_timestamp(),
  note text,
  payload jsonb,                        -- what the action was given
  result jsonb                          -- what came of it
);
create index if not exists decisions_decided on prefect.decisions (decided_at desc, id);
create index if not exists decisions_kind on prefect.decisions (kind, decided_at desc, id);
create index if not exists decisions_subjects on prefect.decisions using gin (subjects);
