/** A `where` clause put together from the filters that were given. Values are always parameters, never text. */
export interface Conditions {
  readonly values: unknown[]
  /** Adds `text`, with `?` standing for the next parameter, once per value. */
  add(text: string, ...values: unknown[]): void
  /** `where a and b`, or nothing. */
  where(): string
  /** The placeholder of one more value outside the clause: `limit $3`. */
  bind(value: unknown): string
}

export function conditions(): Conditions {
  const clauses: string[] = []
  const values: unknown[] = []
  const bind = (value: unknown) => `$${values.push(value)}`
  return {
    values,
    bind,
    add(text, ...given) {
      let next = 0
      clauses.push(text.replace(/\?/g, () => bind(given[next++])))
    },
    where: () => (clauses.length === 0 ? '' : `where ${clauses.join(' and ')}`),
  }
}
