/**
 * What a query file needs to run SQL: a pool outside a transaction, one client inside it.
 * Values are always parameters (`$1`), never text.
 */
export interface Sql {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>
}
