/**
 * How long a call to each service may take, and how many run at once in one process (16 where nothing is said).
 * docs/services.md repeats them, and a test compares the two.
 */
export const CALL_LIMITS = {
  slack: { timeoutMs: 10_000 },
  email: { timeoutMs: 20_000, atOnce: 5 },
  sms: { timeoutMs: 10_000 },
  whatsapp: { timeoutMs: 10_000 },
  /** Short: a template stands in, and the guest should not wait for an author. */
  llm: { timeoutMs: 8_000, atOnce: 8 },
  ml: { timeoutMs: 10_000 },
  cv: { timeoutMs: 5_000 },
  pms: { timeoutMs: 15_000, atOnce: 5 },
  storage: { timeoutMs: 30_000, atOnce: 8 },
} as const satisfies Record<string, { timeoutMs: number; atOnce?: number }>
