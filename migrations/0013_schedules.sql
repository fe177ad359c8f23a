-- Schedules, and what became of every time they stood for. A firing is unique by (slug, series, nominal local time) and
-- written in the transaction that starts its run: that is what keeps two schedulers from starting one twice.
create table prefect.schedules (
  id text primary key,
  -- Known for life: what it fired is kept by it.
  slug text not null,
  -- What was declared: contract/schedule.ts, ScheduleDefinition.
  definition jsonb not null,
  origin text not null check (origin in ('hand', 'file')),
  version int not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  created_by text,
  updated_at timestamptz not null default clock_timestamp(),
  updated_by text,
  deleted_at timestamptz,
  active boolean not null default true,
  paused_at timestamptz,
  paused_by text,
  pause_note text,
  pause_reason text check (pause_reason in ('person', 'failures')),
  -- Every nominal time up to here has its row, or was never meant to.
  decided_until timestamptz not null,
  -- The next nominal time, its local time and when it is due with its jitter; null: none, or paused.
  next_nominal_at timestamptz,
  next_nominal text,
  next_due_at timestamptz,
  -- What a person said when resuming: for what was missed up to then.
  catch_up_until timestamptz,
  catch_up_as text check (catch_up_as in ('skip', 'last', 'all')),
  remaining int,
  failures_in_a_row int not null default 0
);
create unique index schedules_slug on prefect.schedules (slug) where deleted_at is null;
create index schedules_due on prefect.schedules (next_due_at) where active and deleted_at is null and next_due_at is not null;

create table prefect.firings (
  id text primary key,
  slug text not null,
  -- '': its own; else the backfill's id, or that of a run somebody started by hand.
  series text not null default '',
  -- The local time it stands for: '2026-03-29T02:30:00', with the offset where the clocks showed it twice.
  nominal text not null,
  schedule_id text not null,
  nominal_at timestamptz not null,
  previous_nominal_at timestamptz,
  due_at timestamptz not null,
  kind text not null check (kind in ('schedule', 'backfill', 'manual')),
  outcome text not null check (outcome in ('started', 'waiting', 'skipped', 'missed', 'cancelled', 'refused')),
  reason text,
  detail text,
  decided_at timestamptz not null default clock_timestamp(),
  run_id text,
  -- Its run has not been seen to end.
  open boolean not null default false,
  unique (slug, series, nominal)
);
create index firings_of_schedule on prefect.firings (schedule_id, nominal_at desc, id);
create index firings_open on prefect.firings (schedule_id) where open;
create index firings_waiting on prefect.firings (schedule_id, nominal_at) where outcome = 'waiting';
create index firings_run on prefect.firings (run_id) where run_id is not null;
create index firings_last_run on prefect.firings (schedule_id, decided_at desc) where run_id is not null;
create index firings_backfill on prefect.firings (series, nominal_at) where series <> '';

create table prefect.backfills (
  id text primary key,
  schedule_id text not null references prefect.schedules (id),
  from_at timestamptz not null,
  to_at timestamptz not null,
  only_missing boolean not null,
  at_most int not null,
  firings int not null,
  created_at timestamptz not null default clock_timestamp(),
  created_by text,
  note text,
  cancelled_at timestamptz,
  cancelled_by text
);
create index backfills_of_schedule on prefect.backfills (schedule_id, created_at desc);

-- The hotel's own closed dates, by the name of their calendar.
create table prefect.closed_dates (
  calendar text not null,
  date date not null,
  reason text,
  created_at timestamptz not null default clock_timestamp(),
  created_by text,
  primary key (calendar, date)
);
