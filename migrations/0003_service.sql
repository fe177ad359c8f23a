-- What the service itself keeps. Run state lives in the schema "dbos" (the durable engine's own tables);
-- flow_runs holds what a run was started with, and is joined to its state by flow_run_states below.
create schema if not exists prefect;

create table prefect.events (
  id text primary key,                  -- evt_ + hash of (kind, sender's key): a repeat finds the first
  kind text not null,
  source text not null check (source in ('http', 'amqp', 'replay')),
  sender_key text,                      -- Idempotency-Key, AMQP message_id or event_id; null: the body's own hash
  body_hash text,
  received_at timestamptz not null default clock_timestamp(),
  occurred_at timestamptz,
  received_from text,                   -- API key name or queue
  payload jsonb,                        -- as received, unknown fields included; null when it was not JSON
  raw text,                             -- what was received when it was not JSON
  status text not null check (status in ('accepted', 'rejected')),
  reason text,
  errors jsonb,
  runs jsonb not null default '[]',     -- [{"workflow": ..., "flow_run_id": ...}] in the order of the answer
  subjects text[] not null default '{}',
  replay_of text
);
create index events_received on prefect.events (received_at desc, id);
create index events_kind_received on prefect.events (kind, received_at desc);
create index events_rejected on prefect.events (received_at desc) where status = 'rejected';

create function prefect.refuse_update() returns trigger language plpgsql as $$
begin
  raise exception 'prefect.% is append-only', tg_table_name;
end $$;
create trigger events_append_only before update on prefect.events
  for each row execute function prefect.refuse_update();

create table prefect.flow_runs (
  id text primary key,
  workflow_name text not null,
  queue text not null,
  subjects text[] not null default '{}',
  event_id text,
  parent_run_id text,
  idempotency_key text,
  request_hash text,                    -- what the key was first used with: another body under it is a conflict
  scheduled_for timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  created_by text,
  generation int not null default 0,    -- counts restarts from the top: part of every idempotency key
  cancel_requested_at timestamptz,
  flagged text                          -- why a person must look: an undo that failed
);
create index flow_runs_created on prefect.flow_runs (created_at desc, id);
create index flow_runs_workflow_created on prefect.flow_runs (workflow_name, created_at desc);
create index flow_runs_event on prefect.flow_runs (event_id) where event_id is not null;
create index flow_runs_parent on prefect.flow_runs (parent_run_id) where parent_run_id is not null;
create index flow_runs_flagged on prefect.flow_runs (created_at desc) where flagged is not null;

-- "Everything that happened about room 201", over runs, events and messages, newest first: one query.
create table prefect.subject_index (
  subject text not null,
  at timestamptz not null default clock_timestamp(),
  kind text not null check (kind in ('run', 'event', 'notification')),
  id text not null,
  primary key (subject, kind, id)
);
create index subject_index_newest on prefect.subject_index (subject, at desc);

-- Failed attempts only: the attempt that ended a task is the task's checkpoint.
create table prefect.task_attempts (
  run_id text not null,
  step int not null,
  attempt int not null,
  task_name text not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  error jsonb not null,                 -- {"code", "message"}
  next_attempt_at timestamptz,          -- null: it was the last
  granted int not null default 0,       -- attempts made before a person asked for a retry
  primary key (run_id, step, attempt)
);

create table prefect.run_logs (
  run_id text not null,
  key text not null,                    -- position in the run: a replay writes the same lines under the same keys
  at timestamptz not null,
  level text not null,
  message text not null,
  task_name text,
  fields jsonb,
  primary key (run_id, key)
);

-- A sleep or a wait for a signal, with the deadline it was given first: a resumed run keeps it.
create table prefect.run_waits (
  run_id text not null,
  step int not null,
  signal text,                          -- null: a sleep
  until timestamptz,
  opened_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz,
  primary key (run_id, step)
);

create table prefect.run_signals (
  id bigint generated always as identity primary key,
  run_id text not null,
  signal text not null,
  payload jsonb,
  received_at timestamptz not null default clock_timestamp(),
  taken_by int                          -- the step that consumed it
);
create index run_signals_run on prefect.run_signals (run_id, signal, id);

create table prefect.task_cache (
  key text primary key,                 -- task name and the key its definition derives
  value jsonb not null,
  expires_at timestamptz not null
);

create table prefect.workers (
  id text primary key,                  -- new at every process start; also the engine's executor id
  host text not null,
  pid int not null,
  roles text[] not null,
  version text not null,
  started_at timestamptz not null default clock_timestamp(),
  heartbeat_at timestamptz not null default clock_timestamp(),
  running int not null default 0,
  stopped_at timestamptz
);

create table prefect.notifications (
  id text primary key,
  channel text not null,
  recipient text not null,
  template text not null,
  subject_key text not null,            -- what it is about, once: employee and shift, booking and business date
  language text not null,
  body text not null,
  status text not null check (status in ('pending', 'sent', 'sandbox', 'failed')),
  provider_id text,
  attempts int not null default 0,
  last_error text,
  run_id text,
  subjects text[] not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  unique (recipient, template, subject_key)
);
create index notifications_created on prefect.notifications (created_at desc, id);

create table prefect.api_keys (
  id text primary key,
  name text not null,
  hash text not null unique,            -- sha-256 of the secret; the secret itself is shown once and never kept
  scopes text[] not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);

-- Punches too uncertain to count: kept for a person to judge.
create table prefect.attendance_reviews (
  run_id text primary key,
  employee_id text not null,
  timestamp timestamptz not null,
  action text not null,
  camera_id text,
  confidence double precision not null,
  reason text not null,
  created_at timestamptz not null default clock_timestamp(),
  reviewed_at timestamptz
);
create index attendance_reviews_open on prefect.attendance_reviews (created_at) where reviewed_at is null;

create view prefect.flow_run_states as
select r.id, r.workflow_name, r.queue, r.subjects, r.event_id, r.parent_run_id, r.scheduled_for, r.created_at,
       r.generation, r.cancel_requested_at, r.flagged,
       s.status as engine_status,
       case s.status
         when 'SUCCESS' then 'completed'
         when 'ERROR' then 'failed'
         when 'CANCELLED' then 'cancelled'
         when 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' then 'crashed'
         when 'DELAYED' then
           case when s.delay_until_epoch_ms < extract(epoch from now() - interval '15 seconds') * 1000
                then 'late' else 'scheduled' end
         when 'ENQUEUED' then
           case when r.cancel_requested_at is not null then 'cancelling'
                when r.scheduled_for < now() - interval '15 seconds' and s.recovery_attempts = 0 then 'late'
                else 'pending' end
         else
           case when r.cancel_requested_at is not null then 'cancelling'
                when exists (select from prefect.run_waits w where w.run_id = r.id and w.closed_at is null
                             and not exists (select from dbos.operation_outputs o
                                             where o.workflow_uuid = r.id and o.function_id = w.step)) then 'waiting'
                when exists (select from prefect.task_attempts a
                             where a.run_id = r.id and a.next_attempt_at > now()
                               and not exists (select from dbos.operation_outputs o
                                               where o.workflow_uuid = r.id and o.function_id = a.step)) then 'retrying'
                else 'running' end
       end as status,
       to_timestamp(s.started_at_epoch_ms / 1000.0) as started_at,
       to_timestamp(s.completed_at / 1000.0) as completed_at,
       s.executor_id, s.recovery_attempts, s.priority
from prefect.flow_runs r
join dbos.workflow_status s on s.workflow_uuid = r.id;
