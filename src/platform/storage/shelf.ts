/** Where files are put: a folder or a bucket. Keys are checked, calls are guarded. */
export interface Shelf {
  put(key: string, content: Uint8Array, contentType: string, signal: AbortSignal): Promise<void>
  /** Undefined: no such file. */
  get(key: string, signal: AbortSignal): Promise<Uint8Array | undefined>
  urlOf(key: string): string
  close(): void
}
