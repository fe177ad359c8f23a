-- What a file last made of a schedule: what people changed since is told from what the file changed.
alter table prefect.schedules add column applied jsonb;
