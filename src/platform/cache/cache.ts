/** A place for answers that may be asked for again soon. It may forget anything at any time, and never fails a caller. */
export interface Cache {
  /**
   * The kept JSON value, or what `load` gives, kept for `seconds`. Each caller gets a copy of its own. A cache that is
   * away is passed by. Callers of one process that ask at the same time share one `load`, and its failure.
   */
  remember<T>(key: string, seconds: number, load: () => Promise<T>): Promise<T>
  /** A cache that is away keeps the value until its time is over. */
  forget(key: string): Promise<void>
}
