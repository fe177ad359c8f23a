/** A `where` clause put together from the filters that were given. Values are always parameters, never text. */
export interface Conditions {
  readonly values: unknown[]
  /** Adds `text`, with `?` standing for the next parameter, once per value. */
  add(text: string, ...values: unknown[]): void
  /** Adds that the row whose id is in `column` is about `subject` (`room:201`), by the subject index. */
  about(column: string, kind: 'run' | 'event' | 'notification', subject: string): void
  /** `where a and b`, or nothing. */
  where(): string
  /** The placeholder of one more value outside the clause: `limit $3`. */
  bind(value: unknown): string
}

/** An empty clause: every row. */
export function conditions(): Conditions {
  const clauses: string[] = []
  const values: unknown[] = []
  const bind = (value: unknown) => `$${values.push(value)}`
  const add = (text: string, ...given: unknown[]) => {
    let next = 0
    clauses.push(text.replace(/\?/g, () => bind(given[next++])))
  }
  return {
    values,
    bind,
    add,
    about: (column, kind, subject) =>
      add(
        `${column} in (select i.id from prefect.subject_index i where i.subject = ? and i.kind = '${kind}')`,
        subject,
      ),
    where: () => (clauses.length === 0 ? '' : `where ${clauses.join(' and ')}`),
  }
}
