-- Lists that stay fast at ten million runs: see docs/decisions/0014-lists-by-page.md.

-- How a run ended when it did not end well: 'failed', 'cancelled', 'crashed'. Null while it is open, and when it completed.
-- Kept here because only here can it be indexed together with what lists filter and order by; what ends well, nearly
-- every run, costs nothing.
alter table prefect.flow_runs add column unsuccessful text;

create function prefect.note_unsuccessful() returns trigger language plpgsql as $$
begin
  update prefect.flow_runs
  set unsuccessful = case new.status when 'ERROR' then 'failed'
                                     when 'CANCELLED' then 'cancelled'
                                     when 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' then 'crashed' end
  where id = new.workflow_uuid;
  return null;
end $$;

create trigger flow_runs_unsuccessful after update of status on dbos.workflow_status
  for each row
  when (old.status is distinct from new.status
        and (new.status in ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
             or old.status in ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')))
  execute function prefect.note_unsuccessful();
