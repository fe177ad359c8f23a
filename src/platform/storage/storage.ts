/**
 * Files that outlive a run: reports, archives. Keys are paths of ASCII letters, digits, `-`, `_`, `.` and `=`:
 * `reports/daily_2025_01_17.pdf`.
 */
export interface Storage {
  /**
   * Replaces what is there; a reader sees the old file or the new one, never a part. Returns where it is: the object's
   * URL in a bucket, `storage:<key>` in a folder. Throws GiveUp (`storage_bad_key`, `storage_unauthorized`,
   * `storage_refused`, `storage_not_found`: no such bucket) or TryAgain.
   */
  put(key: string, content: Uint8Array, contentType: string, signal: AbortSignal): Promise<{ url: string }>
  /** Undefined: no such file. Throws as `put` does. */
  get(key: string, signal: AbortSignal): Promise<Uint8Array | undefined>
}
