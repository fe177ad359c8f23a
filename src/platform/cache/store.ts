/** Texts by key, each until its time is over. It may fail: then the cache does without. */
export interface CacheStore {
  get(key: string): Promise<string | undefined>
  set(key: string, text: string, seconds: number): Promise<void>
  delete(key: string): Promise<void>
}
