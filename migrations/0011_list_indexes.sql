-- migrate: no-transaction
-- Built concurrently: the service's other processes keep reading and writing these tables meanwhile.

-- Runs that ended before 0010. Locked first, as a retry locks them: what is retried meanwhile is not marked.
with ended as materialized (
  select workflow_uuid, status from dbos.workflow_status
  where status in ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
  for no key update)
update prefect.flow_runs r
set unsuccessful = case e.status when 'ERROR' then 'failed' when 'CANCELLED' then 'cancelled' else 'crashed' end
from ended e
where r.id = e.workflow_uuid and r.unsuccessful is null;

create index concurrently if not exists flow_runs_unsuccessful
  on prefect.flow_runs (unsuccessful, created_at desc, id) where unsuccessful is not null;
create index concurrently if not exists flow_runs_unsuccessful_workflow
  on prefect.flow_runs (workflow_name, unsuccessful, created_at desc, id) where unsuccessful is not null;
create index concurrently if not exists flow_runs_unsuccessful_subjects
  on prefect.flow_runs using gin (subjects) where unsuccessful is not null;

-- Subjects by their beginning, and what is about one of them in order.
create index concurrently if not exists subject_index_in_order
  on prefect.subject_index (subject text_pattern_ops, kind, at desc, id);
drop index concurrently if exists prefect.subject_index_newest;

create index concurrently if not exists events_rejected_kind
  on prefect.events (kind, received_at desc, id) where status = 'rejected';
create index concurrently if not exists events_rejected_subjects
  on prefect.events using gin (subjects) where status = 'rejected';

create index concurrently if not exists notifications_status on prefect.notifications (status, created_at desc, id);
create index concurrently if not exists notifications_template on prefect.notifications (template, created_at desc, id);
create index concurrently if not exists notifications_channel on prefect.notifications (channel, created_at desc, id);
