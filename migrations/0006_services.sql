-- Messages beyond Slack, what the models said, what guests asked for, what went wrong; runs announced ahead.

alter table prefect.notifications
  add column subject_line text,
  add column html text,
  add column not_before timestamptz,     -- held for the guest's quiet hours
  add column sending_since timestamptz;  -- an attempt began and did not report: it may have been sent
alter table prefect.notifications drop constraint notifications_status_check;
alter table prefect.notifications add constraint notifications_status_check
  check (status in ('pending', 'held', 'sent', 'sandbox', 'failed', 'dropped')) not valid;
create index notifications_about on prefect.notifications (template, subject_key);

-- Every change a room was asked to make, applied or refused: the room's state is these in order of `at`.
create table prefect.room_status_history (
  id bigint generated always as identity primary key,
  room_number text not null,
  at timestamptz not null,              -- when it happened
  change_key text not null,             -- the event or act it came with: applied once
  source text not null,                 -- event, booking, move, housekeeping, snapshot
  changed_by text,
  change jsonb not null,                -- what was asked for
  from_status text,
  to_status text,
  refused text,                         -- why it was not applied
  state jsonb not null,                 -- the axes after it
  run_id text,
  recorded_at timestamptz not null default clock_timestamp(),
  unique (room_number, change_key)
);
create index room_status_history_room on prefect.room_status_history (room_number, at);

-- Every event of a booking: the booking's row is these in order of `at`.
create table prefect.booking_history (
  id bigint generated always as identity primary key,
  booking_id text not null,
  at timestamptz not null,
  change_key text not null,
  event_type text not null,
  change jsonb not null,
  refused text,
  run_id text,
  recorded_at timestamptz not null default clock_timestamp(),
  unique (booking_id, change_key)
);
create index booking_history_booking on prefect.booking_history (booking_id, at);

create table prefect.housekeeping_tasks (
  id bigint generated always as identity primary key,
  room_number text not null,
  business_date date not null,
  kind text not null,                   -- departure, stay_over, pickup
  minutes int not null,
  status text not null default 'open',  -- open, assigned, in_progress, done, cancelled
  assigned_to text,
  position int,                         -- in the attendant's list of the day
  reason text,
  run_id text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz
);
create unique index housekeeping_tasks_open on prefect.housekeeping_tasks (room_number, business_date)
  where status in ('open', 'assigned', 'in_progress');

create table prefect.refund_requests (
  id text primary key,                  -- of the act that asks for it: asked once
  booking_id text not null,
  amount numeric(15, 2) not null,
  reason text not null,
  status text not null default 'requested',   -- requested, withdrawn, paid
  run_id text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index refund_requests_booking on prefect.refund_requests (booking_id);

-- The run that cancels a booking: no other one begins while it goes on.
create table prefect.booking_claims (
  booking_id text primary key,
  run_id text not null,
  claimed_at timestamptz not null default clock_timestamp()
);

create table prefect.predictions (
  prediction_type text not null,
  subject text not null,
  model_name text not null,
  model_version text,
  value jsonb not null,
  confidence double precision not null,
  predicted_at timestamptz not null,
  run_id text,
  received_at timestamptz not null default clock_timestamp(),
  primary key (prediction_type, subject)
);

create table prefect.recommendations (
  guest_id text primary key,
  items jsonb not null,
  model_version text,
  generated_at timestamptz not null,
  run_id text
);

create table prefect.guest_requests (
  id text primary key,
  run_id text not null,
  guest_id text,
  booking_id text,
  room_number text,
  request text not null,
  category text not null,
  department text not null,
  urgency text not null,
  status text not null default 'open' check (status in ('open', 'escalated', 'done', 'cancelled')),
  created_at timestamptz not null default clock_timestamp(),
  escalated_at timestamptz,
  finished_at timestamptz,
  finished_by text
);
create index guest_requests_open on prefect.guest_requests (created_at) where status in ('open', 'escalated');

create table prefect.anomalies (
  id text primary key,
  dedupe_key text not null,              -- type, source and place: repeats within the window join the open one
  anomaly_type text not null,
  severity text not null,
  source text not null,
  description text not null,
  details jsonb,
  subjects text[] not null default '{}',
  status text not null default 'open' check (status in ('open', 'acknowledged', 'escalated', 'closed')),
  occurrences int not null default 1,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  acknowledged_by text,
  acknowledged_at timestamptz,
  escalated_at timestamptz,
  run_id text not null                   -- the run that looks after it
);
create index anomalies_open on prefect.anomalies (dedupe_key, last_seen_at desc);

alter table prefect.flow_runs
  add column announced boolean not null default false,  -- its parent will start it: its id was told ahead
  add column traceparent text;                          -- W3C trace context it was started in
create index flow_runs_announced on prefect.flow_runs (parent_run_id) where announced;

create or replace view prefect.flow_run_states as
select r.id, r.workflow_name, r.queue, r.subjects, r.event_id, r.parent_run_id, r.scheduled_for, r.created_at,
       r.generation, r.cancel_requested_at, r.flagged,
       s.status as engine_status,
       case
         when s.status = 'SUCCESS' then 'completed'
         when s.status = 'ERROR' then 'failed'
         when s.status = 'CANCELLED' then 'cancelled'
         when s.status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' then 'crashed'
         when s.status = 'DELAYED' and s.recovery_attempts = 0 then
           case when r.announced then
                  case when exists (select from dbos.workflow_status p where p.workflow_uuid = r.parent_run_id
                                    and p.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'))
                       then 'cancelled' else 'pending' end
                when s.delay_until_epoch_ms < extract(epoch from now() - interval '15 seconds') * 1000
                then 'late' else 'scheduled' end
         when s.status = 'ENQUEUED' then
           case when r.cancel_requested_at is not null then 'cancelling'
                when r.scheduled_for < now() - interval '15 seconds' and s.recovery_attempts = 0 then 'late'
                else 'pending' end
         else                             -- in a worker's hands, or begun and put down while it only waits
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
