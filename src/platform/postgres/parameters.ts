/** The values of a statement that is put together from parts. Values are always parameters, never text. */
export interface Parameters {
  readonly values: readonly unknown[]
  /** The placeholder of one more value: `$3`. */
  bind(value: unknown): string
}

export function parameters(): Parameters {
  const values: unknown[] = []
  return { values, bind: (value) => `$${values.push(value)}` }
}
