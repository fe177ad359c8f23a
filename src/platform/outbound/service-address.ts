import type { ServiceGuard } from './service-guard.ts'

/** Where another service is. */
export interface ServiceAddress {
  /** Base URL; paths are put behind it. */
  url: string
  /** Sent as `Authorization: Bearer`. */
  apiKey?: string | undefined
  guard: ServiceGuard
}

export function bearer(apiKey: string | undefined): Record<string, string> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
}
