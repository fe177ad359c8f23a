import type { CallLimit } from '../platform/outbound/call-limits.ts'

/** Of calls to the hotel's own services (`services/`). docs/services.md repeats them, and a test compares the two. */
export const HOTEL_CALL_LIMITS = {
  /** Short: a template stands in, and the guest should not wait for an author. */
  llm: { timeoutMs: 8_000, atOnce: 8 },
  ml: { timeoutMs: 10_000 },
  cv: { timeoutMs: 5_000 },
  pms: { timeoutMs: 15_000, atOnce: 5 },
} as const satisfies Record<string, CallLimit>
