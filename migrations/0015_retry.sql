-- migrate: no-transaction
-- What a person may ask of a run that has ended: again from a task on, or a new run with other parameters.
alter table prefect.flow_runs
  add column if not exists origin_run_id text,                      -- the run that this one was made from, with other parameters
  add column if not exists redone_from int[] not null default '{}'; -- the steps that a person had it done again from: keys after them differ

-- The runs made from a run.
create index concurrently if not exists flow_runs_origin on prefect.flow_runs (origin_run_id) where origin_run_id is not null;

-- What a run said. Built concurrently: the service's other processes keep writing the outbox meanwhile.
create index concurrently if not exists notifications_run on prefect.notifications (run_id) where run_id is not null;
