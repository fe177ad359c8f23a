/** SQL: the step is not recorded yet. `table` has `run_id`; `step` is its column of the step's number. */
export const stepIsOpen = (table: string, step: string) =>
  `not exists (select from dbos.operation_outputs o where o.workflow_uuid = ${table}.run_id and o.function_id = ${step})`
