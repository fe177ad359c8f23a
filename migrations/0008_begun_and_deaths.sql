-- The engine's own count of a run's claims said three things at once: whether it has begun, how often it was taken up
-- again, and whether it is the death of its workers. They are columns now. A row that was written before is read as before:
-- runs that ended keep recoveries = 0.
alter table prefect.flow_runs
  add column begun_at timestamptz,                    -- set when a worker has had the run and it goes back to a queue
  add column recoveries int not null default 0,       -- how often it was queued again after it had begun; suspensions apart
  add column deaths int[];                            -- for each death of its worker: how many steps were recorded by then

-- Whoever moves a run back notes it: a worker of this build or the one before, or the engine's own tools.
create function prefect.note_begun() returns trigger language plpgsql as $$
begin
  update prefect.flow_runs
  set begun_at = coalesce(begun_at, to_timestamp(old.started_at_epoch_ms / 1000.0), clock_timestamp()),
      recoveries = recoveries + case when new.status = 'ENQUEUED' then 1 else 0 end
  where id = new.workflow_uuid and (begun_at is null or new.status = 'ENQUEUED');
  return null;
end $$;
create trigger flow_run_begun after update of status on dbos.workflow_status for each row
  -- One that was cancelled before any worker had it has not begun.
  when (new.status in ('ENQUEUED', 'DELAYED') and old.status not in ('ENQUEUED', 'DELAYED') and old.executor_id is not null)
  execute function prefect.note_begun();

-- What is under way, and what was given up. The trigger is there already: its lock keeps everybody from moving a run now.
update prefect.flow_runs r
set begun_at = coalesce(to_timestamp(s.started_at_epoch_ms / 1000.0), r.created_at),
    recoveries = s.recovery_attempts - 1,
    deaths = array_fill(
      (select count(*)::int from dbos.operation_outputs o where o.workflow_uuid = r.id),
      array[s.recovery_attempts::int - 1])
from dbos.workflow_status s
where s.workflow_uuid = r.id and s.recovery_attempts > 0
  and s.status in ('ENQUEUED', 'DELAYED', 'PENDING', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED');

create or replace view prefect.flow_run_states as
select r.id, r.workflow_name, r.queue, r.subjects, r.event_id, r.parent_run_id, r.scheduled_for, r.created_at,
       r.generation, r.cancel_requested_at, r.flagged,
       s.status as engine_status,
       case
         when s.status = 'SUCCESS' then 'completed'
         when s.status = 'ERROR' then 'failed'
         when s.status = 'CANCELLED' then 'cancelled'
         when s.status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' then 'crashed'
         when s.status = 'DELAYED' and r.begun_at is null then
           case when r.announced then
                  case when exists (select from dbos.workflow_status p where p.workflow_uuid = r.parent_run_id
                                    and p.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'))
                       then 'cancelled' else 'pending' end
                when s.delay_until_epoch_ms < extract(epoch from now() - interval '15 seconds') * 1000
                then 'late' else 'scheduled' end
         when s.status = 'ENQUEUED' then
           case when r.cancel_requested_at is not null then 'cancelling'
                when r.scheduled_for < now() - interval '15 seconds' and r.begun_at is null then 'late'
                else 'pending' end
         else                             -- in a worker's hands, or begun and suspended while it only waits
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
